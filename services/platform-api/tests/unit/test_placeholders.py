"""A placeholder means something or is refused where it stands; what is no placeholder stays."""

import pytest
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.placeholders import check_placeholders


@pytest.mark.parametrize(
    "placeholder",
    [
        *("{{steps.00.txt}}", "{{ steps.0 }}", "{{steps.00.outputs.url}}", "{{steps.100.text}}"),
        *("{{}}", "{{ }}", "{{two words}}", "{{name | upper}}", "{{9lives}}", "{{" + "x" * 65 + "}}"),
    ],
)
def test_placeholder_that_can_mean_nothing_is_refused_by_field_and_by_name(placeholder: str) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        check_placeholders({"messages": [{"content": f"a {placeholder} b"}]}, "data")
    assert refusal.value.name == "data.messages.0.content"
    assert placeholder in refusal.value.message


@pytest.mark.parametrize("template", ["{{name}} {{ a.b-c }}", "{{steps.00.text}}", "{{ steps.1.outputs.0.url }}", 7])
def test_names_of_variables_and_of_results_may_stand_with_or_without_blanks(template: object) -> None:
    check_placeholders([template], "data")


@pytest.mark.parametrize("text", ["{{", "}}", "{a {b|c}}", "{{a|b}|{c|d}}", '{"a": {"b": {}}}', "{{ open"])
def test_braces_that_make_no_placeholder_are_text(text: str) -> None:
    check_placeholders({"prompt": text}, "data")

"""Variables take their values' types, are never taken for results, and cannot blow a template up."""

from typing import Any

import pytest
from darkroom_schemas.workflow import Variable
from hypothesis import given
from hypothesis import strategies as st
from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.templates import Reference, Unfillable, fill_in, references
from platform_api.domain.planning.variables import check_declared, resolve, substitute, variables_in

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_template_without_blanks_stays_as_it_is(value: object) -> None:
    assert substitute(value, {}) == value or list(variables_in(value))


@pytest.mark.parametrize("value", [7, 0.5, True, "text", [1, {"x": 2}], {"a": []}])
def test_string_that_is_one_variable_takes_the_value_as_it_is(value: object) -> None:
    assert substitute({"x": ["{{ it }}"]}, {"it": value}) == {"x": [value]}


def test_other_strings_take_values_as_text() -> None:
    values = {"n": 7, "on": True, "list": ["a", 1], "text": "b"}
    assert substitute("{{n}} {{on}} {{list}} {{text}}", values) == '7 true ["a", 1] b'


def test_references_to_results_are_no_variables() -> None:
    template = {"x": "{{steps.00.text}} {{ steps.1.outputs.0.url\t}}"}
    assert list(variables_in(template)) == []
    assert substitute(template, {}) == template
    assert list(references(template)) == [Reference(0, None, "text"), Reference(1, 0, "url")]


@pytest.mark.parametrize("values", [{}, {"it": None}, {"other": 1}])
def test_variable_without_a_value_is_refused_by_name(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        substitute({"x": ["a {{it}}"]}, values)
    assert refusal.value.name == "variables.it"


def test_small_template_cannot_be_filled_in_to_something_huge() -> None:
    with pytest.raises(Unfillable, match="1001000"):
        substitute(["{{x}}"] * 1001, {"x": "y" * 1000})
    with pytest.raises(Unfillable, match="1001000"):
        fill_in(["{{steps.00.text}}"] * 1001, lambda _: "y" * 1000)


def test_result_keeps_its_type_where_it_stands_alone() -> None:
    assert fill_in({"w": "{{steps.0.outputs.0.width}}", "t": "w={{steps.0.outputs.0.width}}"}, lambda _: 64) == {
        "w": 64,
        "t": "w=64",
    }


def test_value_is_found_by_name_or_mapping_and_defaults_to_the_first_option() -> None:
    style = Variable(name="Style", template_mapping="style", options=("oil", "ink"))
    free = Variable(name="Mood", template_mapping="mood", options=("calm",), is_customizable=True)
    assert resolve((style, free), {"Style": "ink", "mood": "wild"})["style"] == "ink"
    assert resolve((style, free), {"style": "ink"})["mood"] == "calm"
    assert resolve((style,), {}) == {"style": "oil"}


def test_variable_that_is_not_declared_is_refused_with_the_valid_ones() -> None:
    style = Variable(name="Style", template_mapping="style", options=("oil", "ink"))
    check_declared(["Style"], (style,), [])
    check_declared(["style", "mood"], (style,), ["mood", "style"])
    for name in ("Styel", "MOOD", "x"):
        with pytest.raises(InvalidParameter, match="which has Style, mood") as refusal:
            check_declared([name], (style,), ["style", "mood"])
        assert refusal.value.name == f"variables.{name}"
    with pytest.raises(InvalidParameter, match="which has none"):
        check_declared(["x"], (), [])


@pytest.mark.parametrize("template", ["{{start}}{{end}}", "{{ {{name}} }}"])
def test_values_that_name_results_only_together_are_refused(template: str) -> None:
    values = {"start": "{{ste", "end": "ps.00.text}}", "name": "steps.00.text"}
    with pytest.raises(InvalidParameter) as refusal:
        substitute([template, "{{steps.00.text}}"], values)
    assert refusal.value.name == "variables"


@pytest.mark.parametrize("value", ["{{steps.00.text}}", ["{{steps.0.text}}"], {"a": [{"b": "x {{ steps.1"}]}])
def test_value_that_names_results_is_refused(value: object) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        resolve((), {"it": value})
    assert refusal.value.name == "variables.it"

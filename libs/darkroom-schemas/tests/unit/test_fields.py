"""What the field types of requests accept."""

from typing import Annotated, Any

import pytest
from darkroom_schemas.fields import MAX_JSON_DEPTH, JsonObject, JsonValue, Line, Text, UnixMs
from pydantic import BaseModel, Field, ValidationError


class Example(BaseModel):
    text: Annotated[Text, Field(max_length=5)] = ""
    line: Line = "x"
    value: JsonValue = None
    members: JsonObject = {}
    at_ms: UnixMs = 0


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("text", "a\0b", "string_pattern_mismatch"),
        ("text", "a\ud800", "string_unicode"),
        ("text", "123456", "string_too_long"),
        ("text", 7, "string_type"),
        ("line", "", "string_too_short"),
        ("value", {"a": ["\0"]}, "value_error"),
        ("value", float("nan"), "value_error"),
        ("members", {"\udfff": 1}, "value_error"),
        ("members", nested(MAX_JSON_DEPTH + 1), "value_error"),
        ("members", nested(100_000), "value_error"),
        ("at_ms", 10**400, "less_than_equal"),
        ("at_ms", -1, "greater_than_equal"),
    ],
)
def test_what_cannot_be_stored_is_refused(field: str, value: object, kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Example.model_validate({field: value})
    assert [(error["loc"], error["type"]) for error in refused.value.errors(include_input=False)] == [((field,), kind)]


def test_emoji_newlines_and_the_deepest_allowed_nesting_are_accepted() -> None:
    example = Example(text="👩‍🚀\n", members=nested(MAX_JSON_DEPTH), value=2**70)
    assert example.text == "👩‍🚀\n"
    assert example.value == 2**70

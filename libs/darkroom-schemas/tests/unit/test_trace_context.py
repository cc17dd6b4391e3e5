import pytest
from darkroom_schemas.step import StepResult
from darkroom_schemas.trace_context import TRACEPARENT_LENGTH, read_traceparent, trace_id_of

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_well_formed_context_is_read() -> None:
    assert read_traceparent(TRACEPARENT) == TRACEPARENT
    assert trace_id_of(TRACEPARENT) == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert len(TRACEPARENT) == TRACEPARENT_LENGTH


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        TRACEPARENT.upper(),
        TRACEPARENT + "0",
        f"{TRACEPARENT}\n",
        TRACEPARENT.replace("00-4", "01-4"),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "x" * 100_000,
    ],
)
def test_anything_else_is_no_context_and_no_reason_to_refuse_a_message(value: object) -> None:
    assert read_traceparent(value) is None
    assert StepResult.model_validate({"traceparent": value}).traceparent is None


def test_a_result_of_an_earlier_release_has_no_context() -> None:
    assert StepResult.model_validate_json("{}").traceparent is None

"""Reads a step's payload, and refuses what no model of ours can draw."""

from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import PAYLOAD, ImagePayload, PromptPayload, VideoPayload
from pydantic import ValidationError

from gpu_worker.domain.failures import Failure


def read_payload(raw: dict[str, Any]) -> ImagePayload | VideoPayload | PromptPayload:
    """Parse a payload; raises a final failure that names the field."""
    try:
        payload = PAYLOAD.validate_python(raw)
    except ValidationError as error:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, _first_problem(error)) from error
    if isinstance(payload, VideoPayload) and payload.frames % 4 != 1:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"frames must be 4k+1 (81, 97, ...), not {payload.frames}")
    return payload


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in problem["loc"]) or "payload"
    return f"{field}: {problem['msg']}"

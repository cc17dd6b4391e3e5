"""Reads the payload of a step."""

from typing import TypeVar

from darkroom_schemas.base import Wire
from darkroom_schemas.errors import StepErrorCode
from pydantic import ValidationError

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import StepRun

Payload = TypeVar("Payload", bound=Wire)


def payload_of(run: StepRun, model: type[Payload]) -> Payload:
    """Return the payload as its model; raises an INVALID_PAYLOAD Failure that names the field."""
    try:
        return model.model_validate(run.step.payload)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, problem["loc"]))
        message = problem["msg"].removeprefix("Value error, ")
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"{field}: {message}".removeprefix(": ")) from error

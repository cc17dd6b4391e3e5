"""Parses the payload of a step and checks that an offered model can run it."""

from collections.abc import Iterator, Mapping
from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.families import FAMILIES
from darkroom_schemas.payload import LEFT_OPEN, PAYLOAD, AnyPayload, ImagePayload, PromptPayload, VideoPayload
from darkroom_schemas.samplers import step_limit
from pydantic import ValidationError

from gpu_worker.domain.failures import Failure
from gpu_worker.models.families import family_of
from gpu_worker.models.registry import ModelEntry


def read_payload(raw: dict[str, Any]) -> AnyPayload:
    """Parse a payload; raises an INVALID_PAYLOAD Failure that names the field."""
    try:
        payload = PAYLOAD.validate_python(raw)
    except ValidationError as error:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, _first_problem(error)) from error
    if isinstance(payload, VideoPayload):
        step = FAMILIES[payload.family].frame_step
        if payload.frames % step != 1 % step:
            message = f"frames must be {step}k+1 ({10 * step + 1}, {11 * step + 1}, ...), not {payload.frames}"
            raise Failure(StepErrorCode.INVALID_PAYLOAD, message)
    return payload


def require_model(payload: AnyPayload, models: Mapping[str, ModelEntry]) -> None:
    """Raise a Failure if the payload's model is not offered, or belongs to another family."""
    entry = models.get(payload.model)
    if entry is None:
        known = ", ".join(models)
        raise Failure(StepErrorCode.MODEL_UNAVAILABLE, f"This worker has no model {payload.model!r}; it has: {known}")
    if payload.family not in family_of(entry.family).serves:
        raise Failure(StepErrorCode.INVALID_PAYLOAD, f"model: {payload.model!r} cannot do {payload.family!r}")


def with_defaults(payload: AnyPayload, models: Mapping[str, ModelEntry]) -> AnyPayload:
    """Return the payload with the defaults of its model for what it leaves open; all its values then count as chosen.

    Raises an INVALID_PAYLOAD Failure for more steps than the sampler takes.
    """
    entry = models.get(payload.model)
    if entry is None or isinstance(payload, PromptPayload):
        return payload
    defaults = entry.defaults
    changes: dict[str, Any] = {"chosen": None}
    if payload.negative_prompt is None:
        changes["negative_prompt"] = defaults.negative_prompt
    if isinstance(payload, ImagePayload) and payload.clip_skip is None:
        changes["clip_skip"] = defaults.clip_skip
    if payload.chosen is not None:
        own = {name: getattr(defaults, name) for name in LEFT_OPEN if name not in payload.chosen}
        changes |= {name: value for name, value in own.items() if value is not None}
    filled = payload.model_copy(update=changes)
    for field, steps in _steps_of(filled):
        limit = step_limit(filled.sampler)
        if limit is not None and steps > limit:
            message = f"{field}: must be at most {limit} with the sampler {filled.sampler}, are {steps}"
            raise Failure(StepErrorCode.INVALID_PAYLOAD, message)
    return filled


def _steps_of(payload: ImagePayload | VideoPayload) -> Iterator[tuple[str, int]]:
    """Yield the steps of each pass, with the name of the field that states them."""
    yield "steps", payload.steps
    if isinstance(payload, ImagePayload) and payload.hires is not None:
        yield "hires.steps", payload.hires.steps_after(payload.steps)


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    field = ".".join(str(part) for part in problem["loc"][1:])  # the first part is the kind of the payload
    message = problem["msg"].removeprefix("Value error, ")
    return f"{field}: {message}" if field else message

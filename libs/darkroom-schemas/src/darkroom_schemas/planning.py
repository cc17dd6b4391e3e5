"""From a job type and what is asked for to the complete payload that workers read: the catalogue says the rest."""

import secrets
from collections.abc import Mapping
from typing import Any

from darkroom_schemas.base import Wire
from darkroom_schemas.catalogue import CATALOGUE, JobType
from darkroom_schemas.payload import MAX_SEED, REMOTE_PAYLOADS, Family, ImagePayload, PromptPayload, VideoPayload

MADE_SEEDS_BELOW = 2**53
"""Seeds that we make stay exact in JavaScript, whose numbers are doubles."""
_OWN_PAYLOADS: dict[Family, type[Wire]] = {
    Family.SDXL: ImagePayload,
    Family.WAN_IMAGE: ImagePayload,
    Family.WAN_VIDEO: VideoPayload,
    Family.PROMPT: PromptPayload,
}


def seeds_from(seed: int | None, count: int) -> tuple[int, ...]:
    """Count `count` seeds up from `seed`, or from a random one."""
    first = secrets.randbelow(MADE_SEEDS_BELOW) if seed is None else seed
    return tuple((first + i) % (MAX_SEED + 1) for i in range(count))


def payload_model(entry: JobType) -> type[Wire]:
    """Return the model of the payloads of a job type."""
    return REMOTE_PAYLOADS[entry.name] if entry.family is None else _OWN_PAYLOADS[entry.family]


def type_values(entry: JobType) -> dict[str, Any]:
    """Return the members of a payload that a job type decides where nothing else is asked for."""
    values = entry.model_dump(exclude_none=True) | {"max_bytes": entry.max_output_bytes}
    if entry.family is None:  # a remote payload's own defaults hold; only where results go is ours to say
        values = {name: values[name] for name in ("bucket", "max_bytes")}
    return {name: value for name, value in values.items() if name in payload_model(entry).model_fields}


def complete_payload(entry: JobType, given: Mapping[str, Any], *, seed: int | None = None) -> dict[str, Any]:
    """Fill in what is not given, and check all of it; raises pydantic's `ValidationError`.

    Where no `seeds` are given, they are counted up from `seed`, or from a random one: one for each output of the type.
    """
    model = payload_model(entry)
    payload = type_values(entry) | dict(given)
    if "seeds" in model.model_fields and "seeds" not in payload:
        payload["seeds"] = seeds_from(seed, entry.outputs)
    return model.model_validate(payload).model_dump(mode="json", exclude_unset=entry.family is None)


def plain_type(entry: JobType) -> JobType:
    """Return the type that makes the same as an enhanced one, of the prompt as it is given."""
    return next(
        other
        for other in CATALOGUE.values()
        if not other.enhanced and (other.family, other.steps, other.frames) == (entry.family, entry.steps, entry.frames)
    )

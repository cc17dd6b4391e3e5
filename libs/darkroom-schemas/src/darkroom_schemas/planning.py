"""Builds the complete payload of a step from its job type, the requested values and the catalogue's defaults."""

import secrets
from collections.abc import Mapping
from typing import Any

from darkroom_schemas.base import Wire
from darkroom_schemas.catalogue import CATALOGUE, JobType
from darkroom_schemas.payload import LEFT_OPEN, MAX_SEED, PAYLOADS
from darkroom_schemas.remote_payloads import REMOTE_PAYLOADS

MADE_SEEDS_BELOW = 2**53
"""Limit of generated seeds, which JavaScript can represent exactly."""


def seeds_from(seed: int | None, count: int) -> tuple[int, ...]:
    """Return `count` consecutive seeds from `seed`, or from a random one."""
    first = secrets.randbelow(MADE_SEEDS_BELOW) if seed is None else seed
    return tuple((first + i) % (MAX_SEED + 1) for i in range(count))


def payload_model(entry: JobType) -> type[Wire]:
    """Return the payload model of a job type."""
    return REMOTE_PAYLOADS[entry.name] if entry.kind is None else PAYLOADS[entry.kind]


def type_values(entry: JobType) -> dict[str, Any]:
    """Return a job type's default values of the payload."""
    values = entry.model_dump(exclude_none=True) | {"max_bytes": entry.max_output_bytes}
    if entry.family is None:  # the other defaults of a remote payload are in its model
        values = {name: values[name] for name in ("bucket", "max_bytes")}
    return {name: value for name, value in values.items() if name in payload_model(entry).model_fields}


def complete_payload(entry: JobType, given: Mapping[str, Any], *, seed: int | None = None) -> dict[str, Any]:
    """Return the complete, validated payload. Raises pydantic's `ValidationError`.

    Missing `seeds` are counted from `seed`, or from a random one: one for each output of the type.
    """
    model = payload_model(entry)
    payload = type_values(entry) | dict(given)
    if "seeds" in model.model_fields and "seeds" not in payload:
        payload["seeds"] = seeds_from(seed, entry.outputs)
    if "chosen" in model.model_fields:
        payload.setdefault("chosen", [name for name in LEFT_OPEN if name in given])
    # Absent means None; workers of earlier releases know no null for a negative prompt.
    is_own = entry.family is not None
    return model.model_validate(payload).model_dump(mode="json", exclude_unset=not is_own, exclude_none=is_own)


def plain_type(entry: JobType) -> JobType | None:
    """Return the type with the same output as an enhanced type, without enhancement of the prompt; None without one."""
    return next((other for other in CATALOGUE.values() if entry.adds_enhancement_to(other)), None)

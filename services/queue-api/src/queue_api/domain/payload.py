"""Builds the payload of a step from its job type and the client's parameters."""

import hashlib
from collections.abc import Sequence
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE, JobType
from darkroom_schemas.ids import StepId
from darkroom_schemas.payload import MAX_SEED
from darkroom_schemas.planning import MADE_SEEDS_BELOW, complete_payload, payload_model, plain_type
from pydantic import ValidationError

SUBMITTABLE = tuple(name for name, entry in CATALOGUE.items() if not entry.enhanced)


class UnknownJobType(Exception):
    """The catalogue has no job type with this name."""


class UnusableJobType(Exception):
    """The job type needs more than one step. The text names an alternative."""


class UnusableParameter(Exception):
    """A member of the payload is invalid."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


class PayloadError(Exception):
    """The payload is invalid for the job type. `errors` is pydantic's list, with fields as the client wrote them."""

    def __init__(self, errors: Sequence[Any]) -> None:
        super().__init__("the payload does not fit the job type")
        self.errors = [error | {"loc": ("payload", *error["loc"])} for error in errors]


def entry_of(name: str) -> JobType:
    """Return the catalogue entry. Raises `UnknownJobType` or `UnusableJobType`."""
    entry = CATALOGUE.get(name)
    if entry is None:
        raise UnknownJobType(name)
    if entry.enhanced:
        plain = plain_type(entry)
        parts = "" if plain is None else f"submit prompt_enhance, and then {plain.name} with the resulting text; or "
        raise UnusableJobType(
            f"cannot be {entry.name}, which has two steps: {parts}submit it to platform-api, which runs both"
        )
    return entry


def payload_of(entry: JobType, given: dict[str, Any], step_id: StepId) -> dict[str, Any]:
    """Return the complete payload. Raises `UnusableParameter` or `PayloadError`.

    A missing seed is derived from the id, so a repeated submission has the same seed.
    """
    given, members = dict(given), payload_model(entry).model_fields
    if entry.family is not None and given.pop("family", entry.family) != entry.family:
        raise UnusableParameter("family", f"must be {entry.family} for {entry.name}")
    seed = int.from_bytes(hashlib.blake2b(step_id.encode(), digest_size=8).digest()) % MADE_SEEDS_BELOW
    named = [name for name in members if name != "family"]
    if "seeds" in members:
        named.append("seed")
        if "seed" in given:
            seed = _seed(given.pop("seed"), "seeds" in given)
    if unknown := given.keys() - set(named):
        raise UnusableParameter(min(unknown), f"is not a parameter of {entry.name}, which has {', '.join(named)}")
    try:
        return complete_payload(entry, given, seed=seed)
    except ValidationError as error:
        raise PayloadError(error.errors(include_url=False)) from error


def _seed(value: Any, has_seeds: bool) -> int:
    if has_seeds:
        raise UnusableParameter("seed", "counts up from one number, and `seeds` names each: send one of the two")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEED:
        raise UnusableParameter("seed", f"must be a whole number from 0 to {MAX_SEED}")
    return value

"""Input files of steps: a request names assets, and the payload gets the stored objects."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from darkroom_schemas.ids import AssetId, UserId
from darkroom_schemas.inputs import MAX_INPUT_BYTES, MAX_INPUTS, InputFile

from platform_api.domain.errors import InvalidParameter
from platform_api.domain.planning.plan import Plan, PlannedStep
from platform_api.domain.planning.templates import REFERENCE

FILES = "inputs"
"""Field of payloads with several files by name."""
SINGLE_FILES = ("init_image", "mask_image")
"""Fields of payloads with one file."""
_ASSET_ID = "asset_id"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_NAME = re.compile(r"[\w .()-]{1,200}\Z")
_MUST_BE = 'must be {"asset_id": "<id of your asset>"} or {{steps.00.outputs.0.file}}'


class AssetFiles(Protocol):
    """Reads where the bytes of assets are."""

    async def files(self, user_id: UserId, asset_ids: Collection[AssetId]) -> Mapping[AssetId, InputFile]:
        """Return the stored objects of those assets that the user has."""
        ...


def take_files(payload: dict[str, Any], accepted: Collection[str], where: str) -> dict[str, Any]:
    """Remove the input files from a payload and return them, checked; raises `InvalidParameter` below `where`.

    Without `where`, the error has the name of the field.

    `accepted` are the fields of the payload model. A payload must be validated without its files, because they are
    known only when the job is submitted.
    """
    found: dict[str, Any] = {}
    prefix = f"{where}." if where else ""
    for name in SINGLE_FILES:
        if name in payload and name in accepted:
            found[name] = _checked(payload.pop(name), f"{prefix}{name}")
    if FILES in payload and FILES in accepted:
        found[FILES] = _checked_files(payload.pop(FILES), f"{prefix}{FILES}")
    return found


async def with_files(plan: Plan, user_id: UserId, assets: AssetFiles) -> Plan:
    """Replace the assets that the steps name by the stored objects.

    Raises `InvalidParameter` for an asset that the user does not have, or that is too large for an input.
    """
    wanted = {AssetId(value[_ASSET_ID]) for step in plan.steps for _, value in _named(step.payload)}
    if not wanted:
        return plan
    found = await assets.files(user_id, wanted)
    steps = [_with_files(step, number, found) for number, step in enumerate(plan.steps)]
    return replace(plan, steps=tuple(steps))


def _with_files(step: PlannedStep, number: int, found: Mapping[AssetId, InputFile]) -> PlannedStep:
    payload = dict(step.payload)
    if FILES in payload:
        payload[FILES] = dict(payload[FILES])
    for path, value in _named(step.payload):
        file = found.get(AssetId(value[_ASSET_ID]))
        where = ".".join((f"steps.{number}.payload", *path))
        if file is None:
            raise InvalidParameter(where, f"there is no asset {value[_ASSET_ID]}")
        if file.size_bytes > MAX_INPUT_BYTES:
            raise InvalidParameter(where, f"must have at most {MAX_INPUT_BYTES:,} bytes, has {file.size_bytes:,}")
        target = payload[FILES] if len(path) > 1 else payload
        target[path[-1]] = file.model_dump(mode="json", exclude_none=True)
    return replace(step, payload=payload)


def _named(payload: Mapping[str, Any]) -> Iterator[tuple[Sequence[str], Mapping[str, str]]]:
    """Yield the path and the value of each file that is still named by its asset."""
    for name in SINGLE_FILES:
        if _names_asset(payload.get(name)):
            yield (name,), payload[name]
    several = payload.get(FILES)
    if isinstance(several, dict):
        yield from (((FILES, name), value) for name, value in several.items() if _names_asset(value))


def _names_asset(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {_ASSET_ID}


def _checked_files(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidParameter(where, f"must be an object of files by name; each file {_MUST_BE}")
    if len(value) > MAX_INPUTS:
        raise InvalidParameter(where, f"must have at most {MAX_INPUTS} files, has {len(value)}")
    for name in value:
        if not _NAME.match(name):
            raise InvalidParameter(where, f"{name[:64]!r} is no plain file name of at most 200 characters")
    return {name: _checked(file, f"{where}.{name}") for name, file in value.items()}


def _checked(value: Any, where: str) -> Any:
    if _names_asset(value) and isinstance(value[_ASSET_ID], str) and _UUID.match(value[_ASSET_ID].lower()):
        return {_ASSET_ID: value[_ASSET_ID].lower()}
    if isinstance(value, str) and (found := REFERENCE.fullmatch(value)) and found[4] == "file":
        return value
    raise InvalidParameter(where, _MUST_BE)

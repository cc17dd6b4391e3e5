"""`/api/presets`: generation requests that are saved under a name."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import Text
from darkroom_schemas.ids import new_uuid7
from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound, UnknownJobType
from platform_api.domain.idempotency import UnitOfWork
from platform_api.domain.library.presets import MAX_PRESETS, Preset
from platform_api.domain.planning.from_catalogue import SUBMITTABLE
from platform_api.http.auth import CurrentUser
from platform_api.http.requests import AnyContentTypeRoute, IdempotencyHeader, PresetIdPath, answered, keyed
from platform_api.routes.dialects.ourvidz.submit import QueueJobMetadata

router = APIRouter(tags=["presets"], route_class=AnyContentTypeRoute)
MAX_NAME = 100
MAX_EXACT = 2**53 - 1
MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "No such preset, or it belongs to another user"}}
TAKEN: dict[int | str, dict[str, Any]] = {409: {"description": "Another preset has this name, or there are too many"}}
_REQUEST: dict[str, Any] = {
    "jobType": "sdxl_image_fast",
    "metadata": {"prompt": "a lighthouse at dawn", "hires": {"scale": 2}},
}
_PRESET: dict[str, Any] = {
    "id": "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11",
    "name": "Large, at dawn",
    "request": _REQUEST,
    "created_at": "2026-11-28T10:00:00Z",
    "updated_at": "2026-11-28T10:00:00Z",
}


def _tidy(name: str) -> str:
    if not (tidy := " ".join(name.split())) or not tidy.isprintable():
        raise ValueError("must have a printable character")
    return tidy


Name = Annotated[Text, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_tidy)]


class PresetMetadata(QueueJobMetadata):
    """What to generate: the declared members of `metadata` in `POST /api/queue-job`, and no others."""

    model_config = ConfigDict(extra="forbid")


class PresetRequest(RequestBody):
    """The request to save. Values that are not given stay the defaults of the job type."""

    jobType: Annotated[Text, Field(max_length=200)] = Field(description="A name from GET /api/job-types.")
    metadata: PresetMetadata = Field(default_factory=PresetMetadata)

    def stored(self) -> dict[str, Any]:
        """Return the given members; raises `UnknownJobType`."""
        if self.jobType not in SUBMITTABLE:
            raise UnknownJobType(self.jobType, SUBMITTABLE)
        metadata = self.metadata.model_dump(mode="json", exclude_unset=True)
        if isinstance(seed := metadata.get("seed"), int) and seed > MAX_EXACT:
            metadata["seed"] = str(seed)  # which submissions accept, too: JavaScript would round the number
        return {"jobType": self.jobType, "metadata": metadata}


class NewPreset(RequestBody):
    """A preset to save."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Large, at dawn", "request": _REQUEST}]})

    name: Name = Field(description="Unique among the caller's presets.")
    request: PresetRequest


class ChangedPreset(RequestBody):
    """The changes. Absent and null members change nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Large, at dusk"}]})

    name: Name | None = None
    request: PresetRequest | None = None


class PresetAnswer(BaseModel):
    """A preset. `request` is a body of `POST /api/queue-job`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PRESET]})

    id: str
    name: str
    request: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class PresetList(BaseModel):
    """All presets of the caller, by name; at most 100."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"presets": [_PRESET]}]})

    presets: list[PresetAnswer]


class PresetDeleted(BaseModel):
    """The preset was deleted."""

    id: str


@router.get("/api/presets", operation_id="list_presets", summary="List presets")
async def list_presets(context: Ctx, user_id: CurrentUser) -> PresetList:
    """List the caller's presets in the order of their names."""
    return PresetList(presets=[_answer(preset) for preset in await context.presets.all(user_id)])


@router.post(
    "/api/presets",
    operation_id="create_preset",
    summary="Save a preset",
    status_code=201,
    response_model=PresetAnswer,
    responses=TAKEN | {422: {"description": "The Idempotency-Key was used with another request"}},
)
async def create_preset(
    body: NewPreset, context: Ctx, user_id: CurrentUser, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Save a request under a name. It is validated as a submission is, and an undeclared member is an error."""
    now = context.clock()
    preset = Preset(str(new_uuid7()), user_id, body.name, body.request.stored(), now, now)

    async def work(unit: UnitOfWork) -> str:
        await unit.presets.add(preset, limit=MAX_PRESETS)
        return _answer(preset).model_dump_json()

    return answered(await context.idempotency(user_id, keyed(idempotency_key, "/api/presets", body), work), 201)


@router.get("/api/presets/{preset_id}", operation_id="get_preset", summary="Read a preset", responses=MISSING)
async def get_preset(preset_id: PresetIdPath, context: Ctx, user_id: CurrentUser) -> PresetAnswer:
    """Return one of the caller's presets."""
    if (preset := await context.presets.get(user_id, preset_id)) is None:
        raise NotFound("preset")
    return _answer(preset)


@router.patch(
    "/api/presets/{preset_id}", operation_id="change_preset", summary="Change a preset", responses=MISSING | TAKEN
)
async def change_preset(
    preset_id: PresetIdPath, body: ChangedPreset, context: Ctx, user_id: CurrentUser
) -> PresetAnswer:
    """Rename a preset, or replace its request."""
    preset = await context.presets.get(user_id, preset_id)
    if preset is None:
        raise NotFound("preset")
    request = preset.request if body.request is None else body.request.stored()
    changed = replace(preset, name=body.name or preset.name, request=request, updated_at=context.clock())
    if not await context.presets.change(changed):
        raise NotFound("preset")
    return _answer(changed)


@router.delete("/api/presets/{preset_id}", operation_id="delete_preset", summary="Delete a preset", responses=MISSING)
async def delete_preset(preset_id: PresetIdPath, context: Ctx, user_id: CurrentUser) -> PresetDeleted:
    """Delete a preset. Jobs that were made from it are not affected."""
    if not await context.presets.remove(user_id, preset_id):
        raise NotFound("preset")
    return PresetDeleted(id=preset_id)


def _answer(preset: Preset) -> PresetAnswer:
    return PresetAnswer(
        id=preset.id,
        name=preset.name,
        request=preset.request,
        created_at=preset.created_at,
        updated_at=preset.updated_at,
    )

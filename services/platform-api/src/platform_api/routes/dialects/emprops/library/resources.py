"""`GET /api/models` and `/api/custom-nodes`: resources that steps may require, and their availability."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.ids import UserId
from darkroom_schemas.loras import is_lora
from darkroom_schemas.worker import Capabilities
from fastapi import APIRouter
from pydantic import BaseModel, Field

from platform_api.context import Context, Ctx
from platform_api.domain.library.ports import ResourceKind
from platform_api.http.auth import CurrentUser
from platform_api.http.errors import invalid
from platform_api.http.pagination import Pagination
from platform_api.http.query_parameters import KnownQueryRoute
from platform_api.http.requests import ItemCursor, Limit, Offset

router = APIRouter(tags=["workflows"], route_class=KnownQueryRoute)
_OF_NAMES = uuid.UUID("00000000-0000-8000-8000-6e616d657300")


class Resource(BaseModel):
    """A model or custom node. `available`: at least one live worker has it."""

    id: str
    name: str
    available: bool
    job_types: list[str] = Field(description="Job types that can use it.")
    backends: list[str] = Field(description="External back ends that have it, by id and alias.")
    created_at: datetime | None


class ResourceList(BaseModel):
    """A page, sorted by name."""

    data: list[Resource]
    error: None = None
    pagination: Pagination


@router.get("/api/models", operation_id="list_models", summary="List models")
async def list_models(
    context: Ctx, user_id: CurrentUser, limit: Limit = 50, offset: Offset = 0, cursor: ItemCursor = None
) -> ResourceList:
    """List the models in the catalogue, on live workers, and in the caller's workflows. LoRAs begin with `lora:`."""
    live = await context.jobs.fleet.live()
    offers = _offers(live, lambda can: can.models)
    of_types: dict[str, list[str]] = {}
    for job_type in CATALOGUE.values():
        if job_type.model:
            of_types.setdefault(job_type.model, []).append(job_type.name)
    applying = [job_type.name for job_type in CATALOGUE.values() if job_type.takes_loras]
    own = {name for can in live if not can.backends for name in can.models if is_lora(name)}
    of_types |= dict.fromkeys(own, applying)
    found = await _resources(context, user_id, ResourceKind.MODEL, offers, of_types)
    return _page(found, limit, offset, cursor)


@router.get("/api/custom-nodes", operation_id="list_custom_nodes", summary="List custom nodes")
async def list_custom_nodes(
    context: Ctx, user_id: CurrentUser, limit: Limit = 50, offset: Offset = 0, cursor: ItemCursor = None
) -> ResourceList:
    """List the ComfyUI nodes on live workers and in the caller's workflows."""
    offers = _offers(await context.jobs.fleet.live(), lambda can: can.custom_nodes)
    found = await _resources(context, user_id, ResourceKind.CUSTOM_NODE, offers, {})
    return _page(found, limit, offset, cursor)


def _offers(
    live: Sequence[Capabilities], names_of: Callable[[Capabilities], Iterable[str]]
) -> dict[str, list[Capabilities]]:
    """Return the live workers that have each resource, by its name."""
    offers: dict[str, list[Capabilities]] = {}
    for can in live:
        for name in names_of(can):
            offers.setdefault(name, []).append(can)
    return offers


async def _resources(
    context: Context,
    user_id: UserId,
    kind: ResourceKind,
    offers: Mapping[str, Sequence[Capabilities]],
    of_types: Mapping[str, Sequence[str]],
) -> list[Resource]:
    named = {one.name: one.created_at for one in await context.library.named(user_id, kind)}
    return [
        Resource(
            id=str(uuid.uuid5(_OF_NAMES, f"{kind}:{name}")),
            name=name,
            available=name in offers,
            job_types=[*of_types.get(name, ()), *sorted(_types_of_backends(offers.get(name, ())))],
            backends=sorted({backend for can in offers.get(name, ()) for backend in can.backends}),
            created_at=named.get(name),
        )
        for name in sorted(named.keys() | offers.keys() | of_types.keys())
    ]


def _types_of_backends(workers: Sequence[Capabilities]) -> set[str]:
    return {job_type for can in workers if can.backends for job_type in can.types}


def _page(found: list[Resource], limit: int, offset: int, cursor: str | None) -> ResourceList:
    start = offset
    if cursor is not None:
        position = next((n for n, resource in enumerate(found) if resource.id == cursor), None)
        if position is None:
            raise invalid("cursor", "must be the `cursor` of an earlier page")
        start = position + 1
    shown = found[start : start + limit]
    following = shown[-1].id if start + limit < len(found) and shown else None
    return ResourceList(
        data=shown, pagination=Pagination(limit=limit, total=len(found), total_is_exact=True, cursor=following)
    )

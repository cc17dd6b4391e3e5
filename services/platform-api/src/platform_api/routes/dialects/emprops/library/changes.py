"""PATCH and DELETE of workflows and collections. In a PATCH, absent and null members change nothing."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import JsonObject, Line
from darkroom_schemas.workflow import WorkflowType
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound
from platform_api.domain.idempotency import UnitOfWork
from platform_api.domain.library.change_collection import CollectionChange, change_collection, remove_collection
from platform_api.domain.library.change_workflow import change_workflow, remove_workflow
from platform_api.http.auth import CurrentUser
from platform_api.http.requests import AnyContentTypeRoute, CollectionIdPath, answered
from platform_api.routes.dialects.emprops.library.collections import Description, Editions, Link, NewVariable, Price
from platform_api.routes.dialects.emprops.library.mapping import (
    CollectionAnswer,
    WorkflowAnswer,
    collection_item,
    workflow_answer,
)
from platform_api.routes.dialects.emprops.library.workflows import MimeType, Names, Order, WorkflowName

router = APIRouter(route_class=AnyContentTypeRoute)
WORKFLOW, COLLECTION = "/api/workflows/{name}", "/api/collections/{collection_id}"
NO_WORKFLOW: dict[int | str, dict[str, Any]] = {
    403: {"description": "The workflow is built in"},
    404: {"description": "No such workflow, or it belongs to another user"},
}
NO_COLLECTION: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such collection, or it belongs to another user"}
}
NameOrId = Annotated[str, Path(description="Name or id of a workflow.", max_length=200)]


class ChangedWorkflow(RequestBody):
    """The changes; the resulting workflow is validated as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"label": "Large poster"}]})

    name: WorkflowName | None = None
    label: Line | None = None
    description: Description | None = None
    data: JsonObject | None = None
    output_mime_type: MimeType | None = None
    type: WorkflowType | None = None
    display: StrictBool | None = None
    order: Order | None = None
    models: Names | None = None
    custom_nodes: Names | None = None


class ChangedCollection(RequestBody):
    """The changes. `job_type` and `template_json` are allowed for simple collections only."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Lighthouses at night"}]})

    title: Line | None = None
    description: Description | None = None
    blockchain: Literal["tezos", "base"] | None = None
    price: Price | None = None
    editions: Editions | None = None
    cover_image_url: Link | None = None
    project_id: Line | None = None
    workflow: Line | None = None
    variables: Annotated[list[NewVariable], Field(max_length=100)] | None = None
    job_type: Line | None = None
    template_json: JsonObject | None = None

    def change(self) -> CollectionChange:
        """Return the requested changes."""
        fields = ("title", "description", "blockchain", "price", "editions", "cover_image_url", "project_id")
        data = _given(self, ("workflow",))
        if self.variables is not None:
            data["variables"] = [variable.to_variable().model_dump(mode="json") for variable in self.variables]
        component = _given(self, ("job_type",))
        if self.template_json is not None:
            component["template"] = self.template_json
        return CollectionChange(_given(self, fields), data, component)


class Removed(BaseModel):
    """The id of the removed item."""

    id: str


class RemovedAnswer(BaseModel):
    """Response to a removal."""

    data: Removed
    error: None = None


@router.patch(
    WORKFLOW,
    operation_id="change_workflow",
    summary="Change a workflow",
    tags=["workflows"],
    response_model=WorkflowAnswer,
    responses=NO_WORKFLOW | {409: {"description": "Another workflow has this name"}},
)
async def change_one_workflow(name: NameOrId, body: ChangedWorkflow, context: Ctx, user_id: CurrentUser) -> Response:
    """Change one of the caller's workflows. Jobs created from it are not affected."""
    changes = _given(body, ChangedWorkflow.model_fields)
    changes |= {name: tuple(dict.fromkeys(changes[name])) for name in ("models", "custom_nodes") if name in changes}

    async def work(unit: UnitOfWork) -> str:
        changed = await change_workflow(_storable(name), user_id, changes, library=unit.library)
        return workflow_answer(changed).model_dump_json()

    return answered(await context.idempotency(user_id, None, work))


@router.delete(
    WORKFLOW,
    operation_id="remove_workflow",
    summary="Remove a workflow",
    tags=["workflows"],
    response_model=RemovedAnswer,
    responses=NO_WORKFLOW,
)
async def remove_one_workflow(name: NameOrId, context: Ctx, user_id: CurrentUser) -> Response:
    """Remove one of the caller's workflows. Collections that name it can no longer be used for generation."""

    async def work(unit: UnitOfWork) -> str:
        removed = await remove_workflow(_storable(name), user_id, library=unit.library)
        return RemovedAnswer(data=Removed(id=removed.id)).model_dump_json()

    return answered(await context.idempotency(user_id, None, work))


@router.patch(
    COLLECTION,
    operation_id="change_collection",
    summary="Change a collection",
    tags=["collections"],
    response_model=CollectionAnswer,
    responses=NO_COLLECTION | {409: {"description": "The stored data that is not changed is corrupted"}},
)
async def change_one_collection(
    collection_id: CollectionIdPath, body: ChangedCollection, context: Ctx, user_id: CurrentUser
) -> Response:
    """Change one of the caller's collections. The person it is held for does not change."""

    async def work(unit: UnitOfWork) -> str:
        changed = await change_collection(collection_id, user_id, body.change(), library=unit.library)
        return CollectionAnswer(data=collection_item(changed)).model_dump_json()

    return answered(await context.idempotency(user_id, None, work))


@router.delete(
    COLLECTION,
    operation_id="remove_collection",
    summary="Remove a collection",
    tags=["collections"],
    response_model=RemovedAnswer,
    responses=NO_COLLECTION,
)
async def remove_one_collection(collection_id: CollectionIdPath, context: Ctx, user_id: CurrentUser) -> Response:
    """Remove one of the caller's collections. Jobs generated from it are not affected."""

    async def work(unit: UnitOfWork) -> str:
        removed = await remove_collection(collection_id, user_id, library=unit.library)
        return RemovedAnswer(data=Removed(id=removed.id)).model_dump_json()

    return answered(await context.idempotency(user_id, None, work))


def _given(body: BaseModel, names: Iterable[str]) -> dict[str, Any]:
    """Return the fields that are neither absent nor null."""
    return {name: value for name in names if (value := getattr(body, name)) is not None}


def _storable(name: str) -> str:
    if "\0" in name:
        raise NotFound("workflow")
    return name

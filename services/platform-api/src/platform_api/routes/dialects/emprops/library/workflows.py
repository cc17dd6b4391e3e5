"""`/api/workflows`: list, read and create."""

from typing import Annotated, Literal

from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import JsonObject, Line, Text
from darkroom_schemas.ids import new_uuid7
from darkroom_schemas.workflow import WorkflowType
from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, StrictBool, StrictInt

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound
from platform_api.domain.idempotency import UnitOfWork
from platform_api.domain.library.create_workflow import create_workflow
from platform_api.domain.library.ports import PageRequest
from platform_api.domain.library.workflow import Workflow
from platform_api.http.auth import CurrentUser
from platform_api.http.pagination import Pagination
from platform_api.http.requests import (
    AnyContentTypeRoute,
    IdempotencyHeader,
    ItemCursor,
    Limit,
    Offset,
    answered,
    keyed,
)
from platform_api.routes.dialects.emprops.library.mapping import (
    WorkflowAnswer,
    WorkflowList,
    workflow_answer,
    workflow_item,
)

router = APIRouter(tags=["workflows"], route_class=AnyContentTypeRoute)
Names = Annotated[list[Line], Field(max_length=50)]
WorkflowName = Annotated[Text, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
MimeType = Annotated[Text, Field(pattern=r"^[a-z]+/[a-zA-Z0-9.+-]+$", max_length=100)]
Order = Annotated[StrictInt, Field(ge=0, le=1_000_000)]


class NewWorkflow(RequestBody):
    """A workflow to save. `type` determines the format of `data`; its templates may contain `{{variables}}`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "poster",
                    "label": "Poster",
                    "description": "An image from an expanded prompt",
                    "type": "basic",
                    "data": {
                        "steps": [
                            {"job_type": "prompt_enhance", "payload": {"prompt": "a poster of {{subject}}"}},
                            {"job_type": "sdxl_image_high", "payload": {"prompt": "{{steps.00.text}}"}},
                        ]
                    },
                    "output_mime_type": "image/png",
                }
            ]
        },
    )

    name: WorkflowName
    label: Line
    description: Annotated[Text, Field(max_length=4000)]
    data: JsonObject
    output_mime_type: MimeType
    type: WorkflowType = WorkflowType.BASIC
    display: StrictBool = True
    order: Order = 0
    models: Names = Field(default_factory=list)
    custom_nodes: Names = Field(default_factory=list)


@router.get("/api/workflows", operation_id="list_workflows", summary="List workflows", response_model=WorkflowList)
async def list_workflows(
    context: Ctx,
    user_id: CurrentUser,
    include: Annotated[
        Literal["eq.true", "eq.false", "true", "false"], Query(description="`eq.true`: include the definitions.")
    ] = "eq.false",
    require_api_keys: Annotated[
        bool | None, Query(description="True: only workflows that require a credential; false: only others.")
    ] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: ItemCursor = None,
) -> Response:
    """List the caller's workflows and the built-in ones."""
    where = PageRequest(limit, cursor, offset)
    page = await context.library.workflows(user_id, where, needs_credential=require_api_keys)
    with_data = include.endswith("true")
    answer = WorkflowList(
        data=[workflow_item(workflow, with_data=with_data) for workflow in page.items],
        pagination=Pagination(limit=limit, total=page.total, total_is_exact=True, cursor=page.cursor),
    )
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get(
    "/api/workflows/{name}",
    operation_id="get_workflow",
    summary="Read a workflow",
    response_model=WorkflowAnswer,
    responses={404: {"description": "No such workflow, or it belongs to another user"}},
)
async def get_workflow(
    name: Annotated[str, Path(description="Name or id of a workflow.", max_length=200)],
    context: Ctx,
    user_id: CurrentUser,
) -> WorkflowAnswer:
    """Return a workflow with its definition and the models and custom nodes that it requires."""
    workflow = await context.library.workflow(user_id, name) if "\0" not in name else None
    if workflow is None:
        raise NotFound("workflow")
    return workflow_answer(workflow)


@router.post(
    "/api/workflows",
    operation_id="create_workflow",
    summary="Create a workflow",
    response_model=WorkflowAnswer,
    responses={
        400: {"description": "A field is not valid, or the workflow could never run"},
        409: {"description": "Another workflow has this name"},
        422: {"description": "The Idempotency-Key was used with another request"},
    },
)
async def create(
    body: NewWorkflow, context: Ctx, user_id: CurrentUser, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Save a workflow that is visible to the caller only."""
    workflow = Workflow(
        id=new_uuid7(),
        user_id=user_id,
        name=body.name,
        label=body.label,
        type=body.type,
        description=body.description,
        data=body.data,
        output_mime_type=body.output_mime_type,
        display=body.display,
        order=body.order,
        models=tuple(dict.fromkeys(body.models)),
        custom_nodes=tuple(dict.fromkeys(body.custom_nodes)),
        needs_credential=False,
        created_at=context.clock(),
    )

    async def work(unit: UnitOfWork) -> str:
        return workflow_answer(await create_workflow(workflow, library=unit.library)).model_dump_json()

    return answered(await context.idempotency(user_id, keyed(idempotency_key, "/api/workflows", body), work))

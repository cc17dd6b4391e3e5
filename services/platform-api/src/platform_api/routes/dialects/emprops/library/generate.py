"""`POST /api/collections/{id}/generate`, also available as the older `/generator/v2/{id}`."""

from typing import Annotated

from darkroom_schemas.fields import JsonObject, Line
from darkroom_schemas.job import JobView
from fastapi import APIRouter, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt

from platform_api.context import Ctx
from platform_api.domain.library.generate import plan_for
from platform_api.domain.planning.plan import DEFAULT_PRIORITY, Plan
from platform_api.http.auth import CurrentUser
from platform_api.http.job_parameters import check_small
from platform_api.http.job_webhook import WithWebhook
from platform_api.http.requests import AnyContentTypeRoute, CollectionIdPath, IdempotencyHeader, answered, keyed
from platform_api.http.submission import Prospects, submit
from platform_api.http.workability import Reason

router = APIRouter(tags=["collections"], route_class=AnyContentTypeRoute)


class GenerateRequest(WithWebhook):
    """The chosen variables, by name or by template mapping."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"variables": {"Coast": "rocky"}, "workflow_priority": 50}]},
    )

    variables: Annotated[JsonObject, Field(max_length=200), AfterValidator(check_small)]
    workflow_id: Line | None = Field(
        default=None, description="Id or name of a workflow to use instead of the collection's own."
    )
    workflow_priority: Annotated[StrictInt, Field(ge=1, le=100)] = Field(
        default=DEFAULT_PRIORITY, description="Higher first."
    )


class Generation(BaseModel):
    """The created job."""

    jobId: str
    reason: Reason = Field(description="`unworkable`: no connected worker supports the job; it waits for one.")
    notices: list[str] = Field(description="Additional reasons why the job waits.")


class GenerateAnswer(BaseModel):
    """Response to a generation."""

    data: Generation
    error: None = None


@router.post(
    "/api/collections/{collection_id}/generate",
    operation_id="generate_collection",
    summary="Generate from a collection",
    response_model=GenerateAnswer,
    responses={
        400: {"description": "A variable is missing or not valid, or the workflow is unknown"},
        402: {"description": "Not enough credits"},
        404: {"description": "No such collection, or it belongs to another user"},
        409: {"description": "The collection is corrupted, or the first request with this key is still in progress"},
        422: {"description": "The Idempotency-Key was used with another request"},
        503: {"description": "The queue is full; see Retry-After"},
    },
)
async def generate(
    collection_id: CollectionIdPath,
    body: GenerateRequest,
    context: Ctx,
    user_id: CurrentUser,
    idempotency_key: IdempotencyHeader = None,
) -> Response:
    """Fill in the collection's workflow with the variables, and queue it as one job."""

    async def plan() -> Plan:
        return await plan_for(
            collection_id,
            user_id,
            body.variables,
            workflow_id=body.workflow_id,
            priority=body.workflow_priority,
            library=context.library,
            live=await context.jobs.fleet.live(),
        )

    answer = await submit(
        context,
        plan,
        user_id=user_id,
        idempotency=keyed(idempotency_key, f"/api/collections/{collection_id}/generate", body),
        render=_render,
        webhook=body.job_webhook,
    )
    return answered(answer)


def _render(job: JobView, prospects: Prospects) -> str:
    generation = Generation(jobId=job.id, reason=prospects.reason, notices=list(prospects.notices))
    return GenerateAnswer(data=generation).model_dump_json()

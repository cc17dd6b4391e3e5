"""`/api/job-groups`: one job type several times, paid by what is delivered."""

from typing import Annotated, Any

from darkroom_redis import RedisUnavailable
from darkroom_schemas.fields import JsonObject, Text
from darkroom_schemas.groups.policy import Policy, PolicyText
from darkroom_schemas.groups.seeds import SeedStrategy
from darkroom_schemas.job import JobView
from darkroom_schemas.status import JobStatus
from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, field_validator

from platform_api.context import Context, Ctx
from platform_api.domain.errors import NotFound
from platform_api.domain.jobs.cancel import cancel_job
from platform_api.domain.jobs.job import Job
from platform_api.domain.jobs.view import job_view
from platform_api.domain.planning.plan import MAX_STEPS, Plan
from platform_api.domain.planning.plan_group import GroupRequest, plan_group
from platform_api.http.auth import CurrentUser
from platform_api.http.job_parameters import check_small
from platform_api.http.job_webhook import WithWebhook
from platform_api.http.numbers import NotBoolean, SeedOrRandom
from platform_api.http.requests import AnyContentTypeRoute, IdempotencyHeader, JobIdPath, answered, keyed
from platform_api.http.submission import Prospects, submit
from platform_api.routes.jobs.group_answers import AcceptedGroup, JobGroup, job_group

router = APIRouter(tags=["jobs"], route_class=AnyContentTypeRoute)
_MISSING: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such group, or it belongs to another user"},
}
_MAX_CHILDREN = MAX_STEPS - 1
"""One step of the job may be the enhancement of the prompt."""


class JobGroupRequest(WithWebhook):
    """A job type to run several times, with different seeds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_type": "image_fast",
                    "payload": {"prompt": "a lighthouse at dawn"},
                    "count": 4,
                    "seed_strategy": "sequential",
                    "base_seed": 41,
                    "policy": "quorum(3)",
                }
            ]
        }
    )

    job_type: Annotated[Text, Field(max_length=200)] = Field(description="A name from GET /api/job-types.")
    payload: JsonObject = Field(default_factory=dict, description="Its parameters, without a seed.")
    count: Annotated[int, Field(ge=1, le=_MAX_CHILDREN), NotBoolean] = Field(description="The number of children.")
    seed_strategy: SeedStrategy = SeedStrategy.RANDOM
    base_seed: SeedOrRandom = Field(default=None, description="Seed of the first child. Absent, empty or -1: random.")
    policy: PolicyText = Field(default_factory=Policy, description="all (default), first, or quorum(n).")
    max_parallel: Annotated[int, Field(ge=1, le=_MAX_CHILDREN), NotBoolean] | None = Field(
        default=None, description="How many children may be in the queue at once; all if absent."
    )
    priority: Annotated[int, Field(ge=1, le=100), NotBoolean] = 50
    metadata: JsonObject = Field(default_factory=dict, description="Stored with the job and not interpreted.")

    @field_validator("metadata")
    @classmethod
    def _is_small(cls, value: dict[str, Any]) -> dict[str, Any]:
        check_small(value)
        return value


@router.post(
    "/api/job-groups",
    status_code=201,
    operation_id="submit_job_group",
    summary="Submit a job group",
    response_model=AcceptedGroup,
    responses={
        400: {"description": "Unknown job type, or a field is not valid"},
        402: {"description": "Not enough credits"},
        409: {"description": "The first request with this Idempotency-Key is still in progress"},
        422: {"description": "The Idempotency-Key was used with another request"},
        503: {"description": "The queue is full; see Retry-After"},
    },
)
async def submit_group(
    body: JobGroupRequest, context: Ctx, user_id: CurrentUser, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Reserve the price of all children and queue them. What is not delivered is released at the end.

    A group is a job: its id works with every route of jobs, such as `GET /api/jobs/{id}/stream`. The job fails if fewer
    children complete than the policy needs, and can be retried; delivered outputs stay and stay paid.
    """
    request = GroupRequest(
        job_type=body.job_type,
        payload=body.payload,
        count=body.count,
        strategy=body.seed_strategy,
        base_seed=body.base_seed,
        policy=body.policy,
        max_parallel=body.max_parallel,
        priority=body.priority,
        metadata=body.metadata,
    )

    async def plan() -> Plan:
        return plan_group(request, await context.jobs.fleet.live())

    answer = await submit(
        context,
        plan,
        user_id=user_id,
        idempotency=keyed(idempotency_key, "/api/job-groups", body),
        render=_accepted,
        webhook=body.job_webhook,
    )
    return answered(answer, 201)


def _accepted(job: JobView, prospects: Prospects) -> str:
    return AcceptedGroup(
        job_group_id=job.id,
        total_count=job.parameters["children"],
        seeds=job.parameters["seeds"],
        price_credits=job.price_mc / 1000,
        reason=prospects.reason,
        notices=list(prospects.notices),
        created_at=job.created_at,
    ).model_dump_json()


@router.get(
    "/api/job-groups/{job_id}",
    operation_id="get_job_group",
    summary="Read a job group",
    response_model=JobGroup,
    responses=_MISSING,
)
async def get_group(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> Response:
    """Return a group with its children. Links are valid for a day."""
    return await _answer(context, await _found(job_id, context, user_id))


@router.delete(
    "/api/job-groups/{job_id}",
    operation_id="cancel_job_group",
    summary="Cancel a job group",
    response_model=JobGroup,
    responses={**_MISSING, 409: {"description": "The group has already ended otherwise"}},
)
async def cancel_group(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> Response:
    """Cancel the children that have not ended, and release their price. Idempotent."""
    await _found(job_id, context, user_id)
    async with context.jobs.transaction() as jobs:
        job = await cancel_job(
            job_id, user_id, "cancelled by the user", jobs=jobs, urls=context.urls, now=context.clock()
        )
    context.jobs.wake_relay()
    return await _answer(context, job)


async def _found(job_id: JobIdPath, context: Context, user_id: CurrentUser) -> Job:
    job = await context.jobs.reads.get(job_id, user_id)
    if job is None or job.group_rules is None:
        raise NotFound("job group")
    return job


async def _answer(context: Context, job: Job) -> Response:
    steps = await context.jobs.reads.steps(job)
    running = [step.id for step in steps if step.status is JobStatus.RUNNING]
    try:
        live = [view for view in await context.jobs.steps.read_many(running) if view] if running else []
    except RedisUnavailable:
        live = []
    progress = {view.id: view.progress or 0.0 for view in live}
    view = job_view(job, context.urls, context.clock())
    return Response(job_group(job, view, steps, progress).model_dump_json(), media_type="application/json")

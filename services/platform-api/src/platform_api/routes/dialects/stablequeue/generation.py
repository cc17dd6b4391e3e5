"""`POST /api/v2/generate` and `POST /api/v1/generate`."""

from dataclasses import replace
from typing import Any

from darkroom_schemas.job import JobView
from fastapi import APIRouter, Response
from pydantic import BaseModel

from platform_api.context import Context, Ctx
from platform_api.domain.answers import Answer
from platform_api.domain.planning.from_generation import plan_generation
from platform_api.domain.planning.plan import Plan
from platform_api.http.auth import Authenticated, Caller, user_of
from platform_api.http.requests import IdempotencyHeader, answered, keyed
from platform_api.http.submission import Prospects, submit
from platform_api.http.workability import Reason
from platform_api.routes.dialects.stablequeue.answers import StableQueueRoute
from platform_api.routes.dialects.stablequeue.mapping import Accepted, accepted
from platform_api.routes.dialects.stablequeue.requests import StableQueueRequest

router = APIRouter(tags=["stablequeue"], route_class=StableQueueRoute)
RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"description": "A field is missing, not valid, or requests an unsupported feature"},
    402: {"description": "Not enough credits"},
    404: {"description": "No server has this alias"},
    409: {"description": "The first request with this Idempotency-Key is still in progress"},
    422: {"description": "The Idempotency-Key was used with another request"},
    429: {"description": "Too many requests or submissions; see Retry-After"},
    503: {"description": "The queue is full; see Retry-After"},
}


class AcceptedV1(BaseModel):
    """The job was accepted."""

    stablequeue_job_id: str
    reason: Reason
    notices: list[str]
    ignored: list[str]


@router.post(
    "/api/v2/generate", operation_id="generate", summary="Generate", response_model=Accepted, responses=RESPONSES
)
async def generate(
    body: StableQueueRequest, context: Ctx, who: Authenticated, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Submit a job to a live back end with the server's alias, or to the platform's SDXL pipeline if there is none."""
    return answered(await _submit(body, context, who, "/api/v2/generate", idempotency_key))


@router.post(
    "/api/v1/generate", operation_id="generate_v1", summary="Generate", response_model=AcceptedV1, responses=RESPONSES
)
async def generate_v1(
    body: StableQueueRequest, context: Ctx, who: Authenticated, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Submit a job; as version 2, with a shorter response."""
    answer = await _submit(body, context, who, "/api/v1/generate", idempotency_key)
    short = AcceptedV1.model_validate_json(answer.body)
    return answered(replace(answer, body=short.model_dump_json()))


async def _submit(body: StableQueueRequest, context: Context, who: Caller, path: str, key: str | None) -> Answer:
    user_id = user_of(who)

    async def plan() -> Plan:
        live = await context.jobs.fleet.live()
        await context.servers.get(body.target_server_alias, live, field="target_server_alias")
        return plan_generation(body.generation(who.key_id), live, context.unknown_checkpoint)

    def render(job: JobView, prospects: Prospects) -> str:
        return accepted(job, prospects, body.ignored).model_dump_json()

    return await submit(
        context,
        plan,
        user_id=user_id,
        idempotency=keyed(key, path, body),
        render=render,
        webhook=body.job_webhook,
    )

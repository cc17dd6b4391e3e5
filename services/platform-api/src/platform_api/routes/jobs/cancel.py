"""`POST /api/jobs/{id}/cancel`."""

from typing import Annotated

from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import Text
from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from platform_api.context import Ctx
from platform_api.domain.jobs.cancel import cancel_job
from platform_api.domain.jobs.view import job_view
from platform_api.http.auth import CurrentUser
from platform_api.http.requests import AnyContentTypeRoute, JobIdPath
from platform_api.routes.jobs.answers import JobAnswer, job_answer

router = APIRouter(tags=["jobs"], route_class=AnyContentTypeRoute)


class CancelRequest(RequestBody):
    """The reason, shown in the job's history."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "changed my mind"}]})

    reason: Annotated[Text, Field(max_length=200)] = "cancelled by the user"


@router.post(
    "/api/jobs/{job_id}/cancel",
    operation_id="cancel_job",
    summary="Cancel a job",
    response_model=JobAnswer,
    responses={
        404: {"description": "No such job, or it belongs to another user"},
        409: {"description": "The job is already completed or failed"},
    },
)
async def cancel(job_id: JobIdPath, context: Ctx, user_id: CurrentUser, body: CancelRequest | None = None) -> Response:
    """Cancel a job at once, stop its running steps and refund what was not delivered. Idempotent."""
    now = context.clock()
    async with context.jobs.transaction() as jobs:
        job = await cancel_job(job_id, user_id, (body or CancelRequest()).reason, jobs=jobs, urls=context.urls, now=now)
    context.jobs.wake_relay()
    return Response(job_answer(job_view(job, context.urls, now)).model_dump_json(), media_type="application/json")

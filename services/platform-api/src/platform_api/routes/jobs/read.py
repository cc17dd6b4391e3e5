"""`GET /api/jobs/{id}`."""

from darkroom_redis import RedisUnavailable
from darkroom_schemas.status import JobStatus
from fastapi import APIRouter, Response

from platform_api.context import Context, Ctx
from platform_api.domain.errors import NotFound
from platform_api.domain.jobs.job import Job
from platform_api.domain.jobs.view import job_view
from platform_api.http.auth import CurrentUser
from platform_api.http.fast_path import FastRoute
from platform_api.http.requests import JobIdPath
from platform_api.http.workability import lack_of_job
from platform_api.routes.jobs.answers import JobAnswer, job_answer

router = APIRouter(tags=["jobs"], route_class=FastRoute)


@router.get(
    "/api/jobs/{job_id}",
    operation_id="get_job",
    summary="Read a job",
    response_model=JobAnswer,
    responses={404: {"description": "No such job, or it belongs to another user"}},
)
async def get_job(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> Response:
    """Return a job: EmProps clients read `data`, OurVidz clients the other members. Links are valid for a day."""
    job = await context.jobs.reads.get(job_id, user_id)
    if job is None:
        raise NotFound("job")
    view = job_view(job, context.urls, context.clock(), running_percent=await _running_percent(context, job))
    answer = job_answer(view, await lack_of_job(context, job))
    return Response(answer.model_dump_json(), media_type="application/json")


async def _running_percent(context: Context, job: Job) -> float:
    """Return the sum of the running steps' progress in percent; 0 if the queue does not answer."""
    if job.status is not JobStatus.RUNNING:
        return 0.0
    try:
        steps = await context.jobs.steps.read_many(await context.jobs.reads.running_steps(job))
    except RedisUnavailable:
        return 0.0
    return sum(step.progress or 0.0 for step in steps if step)

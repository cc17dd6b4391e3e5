"""`POST /api/jobs/{id}/retry`."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from platform_api.context import Ctx
from platform_api.domain.idempotency import UnitOfWork
from platform_api.domain.jobs.retry import MAX_RETRIES, retry_job
from platform_api.http.auth import CurrentUser
from platform_api.http.requests import AnyContentTypeRoute, IdempotencyHeader, JobIdPath, answered, keyed

router = APIRouter(tags=["jobs"], route_class=AnyContentTypeRoute)


class Retried(BaseModel):
    """The job's new run. The job keeps its id."""

    jobId: str
    retryAttempt: int
    message: str


class RetryAnswer(BaseModel):
    """Response to a retry."""

    data: Retried
    error: None = None


@router.post(
    "/api/jobs/{job_id}/retry",
    operation_id="retry_job",
    summary="Retry a job",
    response_model=RetryAnswer,
    responses={
        402: {"description": "Not enough credits for the outputs that are not yet delivered"},
        404: {"description": "No such job, or it belongs to another user"},
        409: {"description": "The job is completed or active, or was retried three times"},
        422: {"description": "The Idempotency-Key was used with another request"},
    },
)
async def retry(
    job_id: JobIdPath, context: Ctx, user_id: CurrentUser, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Retry a job that failed, was cancelled, or has not changed for ten minutes. Delivered outputs stay paid."""

    async def work(unit: UnitOfWork) -> str:
        job = await retry_job(job_id, user_id, jobs=unit.jobs, urls=context.urls, now=context.clock())
        attempt = job.run - 1
        message = f"Job is retried (attempt {attempt} of {MAX_RETRIES})"
        return RetryAnswer(data=Retried(jobId=job.id, retryAttempt=attempt, message=message)).model_dump_json()

    answer = await context.idempotency(user_id, keyed(idempotency_key, f"/api/jobs/{job_id}/retry", None), work)
    context.jobs.wake_relay()
    return answered(answer)

"""`/api/jobs`: submit, read and cancel steps."""

import time
from dataclasses import asdict
from typing import Any

from darkroom_chassis.errors import AppError
from darkroom_chassis.middleware import current_trace_id
from darkroom_chassis.tracing import request_traceparent
from darkroom_queue import CancelOutcome, PriorityOutcome, StepOfJob, TooManyClasses
from darkroom_schemas.base import Request
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.step import StepView, Submission
from fastapi import APIRouter, Depends, Response
from pydantic import ConfigDict, Field, StrictInt

from queue_api.domain.job_view import job_view
from queue_api.domain.submission import JobSubmission, id_of, step_of
from queue_api.http.submit_errors import no_room, refusals
from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute
from queue_api.routes.requests import IdempotencyKey, JobIdPath

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[Depends(require_token)], route_class=BoundedRoute)


@router.post(
    "",
    status_code=201,
    summary="Submit a job",
    responses={
        200: {"description": "The job had been submitted before: its state, with Idempotent-Replayed"},
        409: {"description": "Another job has this id"},
        422: {"description": "The Idempotency-Key was used with another request"},
        429: {"description": "The limit of different requirements is reached"},
        503: {"description": "The queue is full or unavailable"},
    },
)
async def submit_job(
    request: JobSubmission, context: Ctx, response: Response, idempotency_key: IdempotencyKey = None
) -> dict[str, Any]:
    """Submit a step to the queue. Missing members of the payload get the catalogue's defaults.

    Repeating a submission with the same `id` or Idempotency-Key and the same body has no effect.
    """
    with refusals(request, idempotency_key, context.max_depth):
        now_us = time.time_ns() // 1000
        step = step_of(
            request,
            id_of(request, idempotency_key),
            now_us=now_us,
            trace_id=current_trace_id(),
            traceparent=request_traceparent(),
        )
        answer = await context.producer.submit(step, max_depth=context.max_depth)
    if not answer.created:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    return job_view(answer.view, Submission(step.requirements, step.payload, step.timeout_s))


@router.get("/{job_id}", summary="Read a job")
async def read_job(job_id: JobIdPath, context: Ctx) -> dict[str, Any]:
    """Return the state of a job, until 24 h after its end, or 7 days after a failure.

    The result of a job of platform-api is available for one hour here, and there as long as the job.
    """
    view = _found(await context.producer.read(job_id))
    return job_view(view, await context.producer.submission(job_id))


@router.get("/{job_id}/why", summary="Why does a job wait?")
async def why_waiting(job_id: JobIdPath, context: Ctx) -> dict[str, Any]:
    """Return why a job waits. `start_in_s` is the estimated interval until its start, or null if unknown."""
    waiting = await context.insight.why_waiting(job_id)
    if waiting is None:
        view = job_view(_found(await context.producer.read(job_id)), None)
        return {"job_id": job_id, "waiting": False, "status": view["status"]}
    return {"job_id": job_id, "waiting": True, **asdict(waiting)}


@router.delete("/{job_id}", summary="Cancel a job", include_in_schema=False)
@router.post("/{job_id}/cancel", summary="Cancel a job")
async def cancel_job(job_id: JobIdPath, context: Ctx) -> dict[str, Any]:
    """Cancel a job. A waiting one ends at once; a running one is asked to stop and is cancelled by force after 10 s."""
    outcome = await context.producer.cancel(job_id, reason="cancelled through the queue API")
    if outcome is CancelOutcome.UNKNOWN:
        _found(None)
    if outcome is CancelOutcome.FINISHED:
        raise AppError(409, ErrorCode.CONFLICT, "The job has ended already.")
    return {"job_id": job_id, "cancelled": True, "outcome": outcome}


class NewPriority(Request):
    """Body of `POST /api/jobs/{job_id}/priority`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"priority": 90}]})

    priority: StrictInt = Field(ge=1, le=100, description="Higher is sooner.")


@router.post(
    "/{job_id}/priority",
    summary="Change the priority of a waiting job",
    responses={404: {"description": "Unknown job"}, 409: {"description": "The job runs, or has ended"}},
)
async def prioritize_job(job_id: JobIdPath, body: NewPriority, context: Ctx) -> dict[str, Any]:
    """Change the place of a waiting job among those of its user. How users share the workers stays as it is."""
    outcome = await context.control.prioritize(job_id, body.priority)
    if outcome is PriorityOutcome.UNKNOWN:
        _found(None)
    if outcome is not PriorityOutcome.CHANGED:
        state = "runs" if outcome is PriorityOutcome.RUNNING else "has ended"
        raise AppError(409, ErrorCode.CONFLICT, f"The job {state}: only one that waits can change its priority.")
    return job_view(_found(await context.producer.read(job_id)), await context.producer.submission(job_id))


@router.post(
    "/{job_id}/retry",
    summary="Retry a failed job",
    responses={
        404: {"description": "No failed job has this id"},
        409: {"description": "The job is one of platform-api, which retries it"},
        429: {"description": "The limit of different requirements is reached"},
    },
)
async def retry_job(job_id: JobIdPath, context: Ctx) -> dict[str, Any]:
    """Queue a failed job again with all of its attempts."""
    try:
        requeued = await context.dead_letters.requeue(job_id)
    except StepOfJob as error:
        raise AppError(409, ErrorCode.NOT_RETRYABLE, str(error)) from error
    except TooManyClasses as error:
        raise no_room(error) from error
    if not requeued:
        raise AppError(404, ErrorCode.JOB_NOT_FOUND, "There is no failed job with this id.")
    return job_view(_found(await context.producer.read(job_id)), await context.producer.submission(job_id))


def _found(view: StepView | None) -> StepView:
    if view is None:
        raise AppError(404, ErrorCode.JOB_NOT_FOUND, "There is no such job, or its result has expired here.")
    return view

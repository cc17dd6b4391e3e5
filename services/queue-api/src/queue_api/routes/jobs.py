"""`/api/jobs`: submit, read and cancel steps."""

import time
from dataclasses import asdict
from typing import Any

from darkroom_chassis.errors import AppError
from darkroom_chassis.middleware import current_trace_id
from darkroom_chassis.validation import invalid_by, invalid_request
from darkroom_queue import CancelOutcome, ClassShareUsed, QueueFull, StepConflict, TooManyClasses, UnusableStep
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.errors import ErrorCode, FieldError
from darkroom_schemas.ids import StepId
from darkroom_schemas.step import StepView
from fastapi import APIRouter, Depends, Response

from queue_api.domain.submission import JobSubmission, PayloadError, UnknownJobType, job_view, step_of
from queue_api.routes.access import Ctx, require_token

ROOM_COMES_IN_S = "600"

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[Depends(require_token)])


@router.post("", status_code=201, summary="Submit a job", responses={200: {"description": "It was there already"}})
async def submit_job(request: JobSubmission, context: Ctx, response: Response) -> dict[str, Any]:
    """Hand a step to the queue. Repeating a submission with the same `id` and body changes nothing."""
    try:
        step = step_of(request, now_us=time.time_ns() // 1000, trace_id=current_trace_id())
    except UnknownJobType as error:
        sentence = f"There is no job type {request.job_type!r}."
        field = FieldError(field="job_type", message=f"must be one of: {', '.join(CATALOGUE)}")
        more = {"valid_job_types": list(CATALOGUE)}
        raise AppError(400, ErrorCode.INVALID_JOB_TYPE, sentence, errors=[field], extra=more) from error
    except PayloadError as error:
        raise invalid_by(error.errors) from error
    try:
        answer = await context.producer.submit(step, max_depth=context.max_depth)
    except QueueFull as error:
        sentence = f"The queue is full ({context.max_depth} jobs are waiting)."
        raise AppError(503, ErrorCode.QUEUE_FULL, sentence, retryable=True, headers={"Retry-After": "10"}) from error
    except StepConflict as error:
        raise AppError(409, ErrorCode.CONFLICT, "Another job has this id.") from error
    except TooManyClasses as error:
        raise _no_room(error) from error
    except UnusableStep as error:
        name, _, message = str(error).partition(": ")
        field = FieldError(field=name, message=message)
        raise invalid_request([field]) from error
    response.status_code = 201 if answer.created else 200
    return job_view(answer.view)


@router.get("/{job_id}", summary="Read a job")
async def read_job(job_id: str, context: Ctx) -> dict[str, Any]:
    """Return a step's state, until 24 h after its end."""
    return job_view(_found(await context.producer.read(StepId(job_id))))


@router.get("/{job_id}/why", summary="Why does a job wait?")
async def why_waiting(job_id: str, context: Ctx) -> dict[str, Any]:
    """Say what stands between a waiting job and its start; `start_in_s` is an interval, or null until measured."""
    waiting = await context.insight.why_waiting(StepId(job_id))
    if waiting is None:
        view = job_view(_found(await context.producer.read(StepId(job_id))))
        return {"job_id": job_id, "waiting": False, "status": view["status"]}
    return {"job_id": job_id, "waiting": True, **asdict(waiting)}


@router.delete("/{job_id}", summary="Cancel a job", include_in_schema=False)
@router.post("/{job_id}/cancel", summary="Cancel a job")
async def cancel_job(job_id: str, context: Ctx) -> dict[str, Any]:
    """End a waiting job at once; ask a running one to stop, and end it by force after 10 s."""
    outcome = await context.producer.cancel(StepId(job_id), reason="cancelled through the queue API")
    if outcome is CancelOutcome.UNKNOWN:
        _found(None)
    if outcome is CancelOutcome.FINISHED:
        raise AppError(409, ErrorCode.CONFLICT, "The job has ended already.")
    return {"job_id": job_id, "cancelled": True, "outcome": outcome}


def _no_room(error: TooManyClasses) -> AppError:
    """Room comes when requirements are no longer in use, so the client may try again."""
    sentence = (
        "Jobs with too many different requirements (models, custom nodes, tags, memory) are in use; "
        "use requirements of earlier jobs, or try again later."
    )
    is_own = isinstance(error, ClassShareUsed)
    status, code = (429, ErrorCode.RATE_LIMITED) if is_own else (503, ErrorCode.UNAVAILABLE)
    return AppError(status, code, sentence, retryable=True, headers={"Retry-After": ROOM_COMES_IN_S})


def _found(view: StepView | None) -> StepView:
    if view is None:
        raise AppError(404, ErrorCode.JOB_NOT_FOUND, "There is no such job, or it ended more than a day ago.")
    return view

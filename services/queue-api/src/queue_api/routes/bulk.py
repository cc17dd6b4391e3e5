"""`POST /api/jobs/bulk`: submits several jobs in one request."""

import time
from dataclasses import dataclass
from typing import Any

from darkroom_chassis.errors import AppError, body_of
from darkroom_chassis.middleware import current_trace_id
from darkroom_chassis.tracing import request_traceparent
from darkroom_queue import QueueError
from darkroom_schemas.step import StepSubmit, Submission
from fastapi import APIRouter, Depends

from queue_api.domain.job_view import job_view
from queue_api.domain.submission import BulkSubmission, JobSubmission, id_of, step_of
from queue_api.http.submit_errors import refusals
from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute
from queue_api.routes.requests import IdempotencyKey

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[Depends(require_token)], route_class=BoundedRoute)
PATH = "/api/jobs/bulk"


@dataclass(frozen=True, slots=True)
class _Item:
    """One valid submission; `key` is the Idempotency-Key from which its id is derived."""

    number: int
    request: JobSubmission
    key: str | None
    step: StepSubmit


@router.post("/bulk", summary="Submit several jobs", responses={503: {"description": "The queue does not answer"}})
async def submit_jobs(request: BulkSubmission, context: Ctx, idempotency_key: IdempotencyKey = None) -> dict[str, Any]:
    """Submit up to 200 jobs. Each succeeds or fails for itself, and `results` has their order.

    A result has `job` and `created`, which is false for a job that had been submitted before, or `error` with the body
    that a single submission would get. Repeating the request with the same ids or Idempotency-Key has no effect.
    """
    results: list[dict[str, Any]] = [{} for _ in request.jobs]
    items = []
    for number, one in enumerate(request.jobs):
        key = None if idempotency_key is None or one.id is not None else f"{idempotency_key}/{number}"
        try:
            with refusals(one, None, context.max_depth):
                now_us, trace_id, parent = time.time_ns() // 1000, current_trace_id(), request_traceparent()
                step = step_of(one, id_of(one, key), now_us=now_us, trace_id=trace_id, traceparent=parent)
            items.append(_Item(number, one, key, step))
        except AppError as error:
            results[number] = _error(error, number)
    answers = await context.producer.submit_many([item.step for item in items], max_depth=context.max_depth)
    for item, answer in zip(items, answers, strict=True):
        try:
            with refusals(item.request, item.key, context.max_depth):
                if isinstance(answer, QueueError):
                    raise answer
        except AppError as error:
            results[item.number] = _error(error, item.number)
            continue
        step = item.step
        view = job_view(answer.view, Submission(step.requirements, step.payload, step.timeout_s))
        results[item.number] = {"job": view, "created": answer.created}
    return {"results": results, "accepted": sum("job" in result for result in results)}


def _error(error: AppError, number: int) -> dict[str, Any]:
    return {"error": body_of(error, f"{PATH}#{number}")}

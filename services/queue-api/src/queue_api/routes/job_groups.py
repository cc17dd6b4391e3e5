"""`/api/job-group` and `/api/job-groups`: one workflow on several back ends at once."""

import hashlib
import re
import time
import uuid
from typing import Annotated, Any

from darkroom_chassis.errors import AppError
from darkroom_chassis.middleware import current_trace_id
from darkroom_chassis.validation import invalid_request
from darkroom_queue import CancelOutcome
from darkroom_schemas.errors import ErrorCode, FieldError
from darkroom_schemas.groups.graph import UnknownParameter
from darkroom_schemas.groups.policy import Policy, parse_policy
from darkroom_schemas.ids import JobId
from darkroom_schemas.status import JobStatus
from fastapi import APIRouter, Depends, Path, Query, Response

from queue_api.context import Context
from queue_api.domain.groups.backends import NONE_ONLINE, choose_backends
from queue_api.domain.groups.record import PREFIX, GroupCursor, GroupRecord
from queue_api.domain.groups.request import COMFYUI, JobGroupRequest, children_of, new_group_id, submissions_of
from queue_api.domain.groups.steps import steps_of
from queue_api.domain.groups.views import Views, group_summary, group_view, views_by_step
from queue_api.domain.submission import IDEMPOTENCY_NAMESPACE
from queue_api.http.submit_errors import refusals
from queue_api.routes.access import Ctx, require_token, require_token_for_groups
from queue_api.routes.bounded import BoundedRoute
from queue_api.routes.requests import IdempotencyKey

router = APIRouter(
    prefix="/api", tags=["job groups"], dependencies=[Depends(require_token_for_groups)], route_class=BoundedRoute
)
MAX_ACTIVE = 10_000
_CURSOR = re.compile(r"(\d{1,15})-([A-Za-z0-9_]{1,100})\Z", re.ASCII)
RETRY_AFTER_S = "10"
_MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "No such group, or it has expired"}}
GroupId = Annotated[str, Path(max_length=100)]


@router.post(
    "/job-group",
    status_code=201,
    summary="Submit a job group",
    responses={
        200: {"description": "The group had been submitted before, with Idempotent-Replayed"},
        400: {"description": "Invalid, or none of the back ends is online"},
        422: {"description": "The Idempotency-Key was used with another request"},
        503: {"description": "The queue is full or unavailable"},
    },
)
async def submit_group(
    request: JobGroupRequest, context: Ctx, response: Response, idempotency_key: IdempotencyKey = None
) -> dict[str, Any]:
    """Submit a workflow to several back ends, or a job type several times; each child has a seed of its own.

    Back ends that are not online are skipped. With `policy` `first` or `quorum(n)`, the other children are cancelled as
    soon as enough have completed. With `max_parallel`, children start one after the other.
    """
    record = await _new_record(request, context, idempotency_key)
    await _check(request, record, context)
    body = request.model_dump_json(exclude_unset=True)
    fingerprint = hashlib.sha256(body.encode()).hexdigest()
    stored = await context.groups.add(record, body, fingerprint)
    if stored is not None and stored != fingerprint:
        sentence = "This Idempotency-Key was used with another request."
        raise AppError(422, ErrorCode.IDEMPOTENCY_MISMATCH, sentence)
    if stored is not None:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
        record = await context.groups.get(record.id) or record
    await context.group_mover.advance(record.id)
    view = group_view(record, await _views(record, context), context.outputs.url, {})
    children = [
        {name: child[name] for name in ("job_id", "backend_id", "seed", "status", "queued_at")}
        for child in view["child_jobs"]
    ]
    return {
        "job_group_id": record.id,
        "child_jobs": children,
        "status": view["status"],
        "created_at": view["created_at"],
        "skipped_backends": view["skipped_backends"],
    }


@router.get("/job-groups", summary="List job groups", dependencies=[Depends(require_token)])
async def list_groups(
    context: Ctx,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    cursor: Annotated[str | None, Query(max_length=120, description="The `cursor` of the previous page.")] = None,
) -> dict[str, Any]:
    """Return groups without their children, the latest first, until a day after their end. At most 10,000 are listed.

    Follow `cursor` until it is null: a page may be shorter than `limit` before that.
    """
    records, following = await context.groups.page(limit, None if cursor is None else _parse(cursor))
    steps = [step_id for record in records for step_id in record.step_ids]
    views: Views = dict(zip(steps, await context.producer.read_many(steps), strict=True)) if steps else {}
    return {
        "job_groups": [group_summary(record, views) for record in records],
        "cursor": None if following is None else f"{following.at_ms}-{following.group_id}",
    }


@router.get("/job-groups/{job_group_id}", summary="Read a job group", responses=_MISSING)
async def read_group(job_group_id: GroupId, context: Ctx) -> dict[str, Any]:
    """Return a group and its children, until a day after its end. `completed_at` says that it is final."""
    record = await _found(job_group_id, context)
    steps = context.progress.doing(record.step_ids)
    return group_view(record, await _views(record, context), context.outputs.url, steps)


@router.delete("/job-groups/{job_group_id}", summary="Cancel a job group", responses=_MISSING)
async def cancel_group(job_group_id: GroupId, context: Ctx) -> dict[str, Any]:
    """Cancel the children that have not ended; each back end is asked to stop its own."""
    record = await _found(job_group_id, context)
    views = await _views(record, context)
    before = group_view(record, views, context.outputs.url, {})
    counts = {"already_complete": before["completed_count"], "already_failed": before["failed_count"]}
    if before["completed_at"] is not None:
        return {"cancelled": False, "interrupted": 0, **counts}
    record = await context.groups.cancel(record, time.time_ns() // 1_000_000)
    interrupted = 0
    for step_id in record.step_ids:
        view = views[step_id]
        if view is None:
            interrupted += 1  # it will not be submitted any more
        elif view.status not in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}:
            outcome = await context.producer.cancel(step_id, reason="the group was cancelled")
            interrupted += outcome in {CancelOutcome.CANCELLED, CancelOutcome.REQUESTED}
    await context.group_mover.advance(record.id)
    return {"cancelled": True, "interrupted": interrupted, **counts}


def _parse(cursor: str) -> GroupCursor:
    match = _CURSOR.match(cursor)
    if match is None:
        raise invalid_request([FieldError(field="cursor", message="must be the `cursor` of an earlier page")])
    return GroupCursor(int(match[1]), JobId(match[2]))


async def _new_record(request: JobGroupRequest, context: Context, key: str | None) -> GroupRecord:
    group_id = new_group_id() if key is None else JobId(f"{PREFIX}{uuid.uuid5(IDEMPOTENCY_NAMESPACE, key).hex[:24]}")
    used: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    if request.workflow_json is not None:
        live = [record.info.capabilities for record in await context.registry.workers()]
        choice = choose_backends(request.backend_ids, request.required_capabilities, live)
        used, skipped = choice.used, choice.skipped
        if not used:
            raise AppError(400, ErrorCode.INVALID_REQUEST, NONE_ONLINE, extra={"skipped_backends": list(skipped)})
    return GroupRecord(
        id=group_id,
        children=children_of(request, group_id, used),
        job_type=request.job_type or COMFYUI,
        timeout_s=float(request.timeout_seconds),
        policy=parse_policy(request.policy) or Policy(),
        max_parallel=request.max_parallel,
        metadata=request.metadata,
        skipped_backends=skipped,
        created_ms=time.time_ns() // 1_000_000,
    )


async def _check(request: JobGroupRequest, record: GroupRecord, context: Context) -> None:
    """Raise what would prevent the children from being submitted."""
    try:
        first = submissions_of(request, record.children[:1])[0]
    except UnknownParameter as error:
        message = "names no input of the workflow that holds a value"
        raise invalid_request([FieldError(field=f"parameters.{error.name[:100]}", message=message)]) from error
    with refusals(first, None, context.max_depth):
        steps_of(request, record, current_trace_id())
    depth = await context.producer.depth()
    if context.max_depth and depth.queued >= context.max_depth:
        sentence = f"The queue is full ({context.max_depth} jobs are waiting)."
        raise AppError(503, ErrorCode.QUEUE_FULL, sentence, retryable=True, headers={"Retry-After": RETRY_AFTER_S})
    if await context.groups.count_active() >= MAX_ACTIVE:
        sentence = f"There are {MAX_ACTIVE:,} groups that have not ended, which is the limit."
        raise AppError(503, ErrorCode.QUEUE_FULL, sentence, retryable=True, headers={"Retry-After": RETRY_AFTER_S})


async def _found(group_id: str, context: Context) -> GroupRecord:
    record = await context.groups.get(JobId(group_id))
    if record is None:
        raise AppError(404, ErrorCode.NOT_FOUND, f"Job group {group_id} not found")
    return record


async def _views(record: GroupRecord, context: Context) -> Views:
    return views_by_step(record, await context.producer.read_many(record.step_ids))

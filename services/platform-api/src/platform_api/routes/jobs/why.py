"""`GET /api/jobs/{id}/why`: why a job waits, and the estimated waiting time."""

import asyncio
from datetime import UTC, datetime

from darkroom_queue import Waiting, WaitReason
from darkroom_schemas.ids import StepId
from darkroom_schemas.status import TERMINAL, JobStatus
from fastapi import APIRouter
from pydantic import BaseModel, Field

from platform_api.context import Ctx
from platform_api.domain.errors import NotFound
from platform_api.domain.jobs.job import Job
from platform_api.http.auth import CurrentUser
from platform_api.http.query_parameters import KnownQueryRoute
from platform_api.http.requests import JobIdPath

router = APIRouter(tags=["jobs"], route_class=KnownQueryRoute)

SENTENCES = {
    WaitReason.DELAYED: "It starts, or is retried, at a later time.",
    WaitReason.PAUSED: "An operator has paused jobs of this type.",
    WaitReason.UNWORKABLE: "No live worker supports it; `missing` is what the nearest one lacks.",
    WaitReason.NO_ROOM: "The queue limits the number of different requirements, and this job exceeds it; it is retried "
    "until other requirements are no longer in use.",
    WaitReason.BEHIND_OTHERS: "Earlier jobs, or the shares of other users, come first.",
    WaitReason.NEXT: "It is your next job and starts as soon as a worker is free.",
}


class Interval(BaseModel):
    """Seconds: best and worst case."""

    min_s: float
    max_s: float


class WaitingStep(BaseModel):
    """One waiting step. `position` counts your own steps of this kind, from 1; shares of other users come on top."""

    step_id: str
    reason: WaitReason
    position: int
    work_ahead: int = Field(description="Number of your own steps that come first.")
    sharing_tenants: int = Field(description="Number of users, including you, who share the workers.")
    matching_workers: int = Field(description="Number of live workers that support it.")
    missing: list[str] = Field(description="What the nearest live worker lacks; empty if a worker supports it.")
    starts_in: Interval | None = Field(description="Null until measured, or if no worker supports it.")
    due_at: datetime | None = Field(description="When a delayed step becomes due.")
    avoids_worker: str | None = Field(
        default=None, description="A worker whose device failed the last attempt, while others can run the step."
    )
    avoids_until: datetime | None = Field(default=None, description="Until when it avoids that worker.")


class Why(BaseModel):
    """`reason` is that of the first waiting step; otherwise `running`, `ended`, or `accepted` (not yet queued)."""

    job_id: str
    status: JobStatus
    waiting: bool
    unworkable: bool
    reason: str
    message: str
    steps: list[WaitingStep]


@router.get(
    "/api/jobs/{job_id}/why",
    operation_id="why_job_waits",
    summary="Explain why a job waits",
    responses={
        404: {"description": "No such job, or it belongs to another user"},
        503: {"description": "The queue is unavailable"},
    },
)
async def why(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> Why:
    """Explain why a job waits, and estimate when it starts from live workers, waiting work and measured times."""
    job = await context.jobs.reads.get(job_id, user_id)
    if job is None:
        raise NotFound("job")
    steps = [] if job.status in TERMINAL else await context.jobs.reads.submitted_steps(job)
    found = await asyncio.gather(*(context.jobs.waiting.why_waiting(step) for step in steps))
    waiting = [_waiting_step(step, why) for step, why in zip(steps, found, strict=True) if why is not None]
    reason, message = (waiting[0].reason.value, SENTENCES[waiting[0].reason]) if waiting else _not_waiting(job)
    return Why(
        job_id=job.id,
        status=job.status,
        waiting=bool(waiting) or reason == "accepted",
        unworkable=any(step.reason is WaitReason.UNWORKABLE for step in waiting),
        reason=reason,
        message=message,
        steps=waiting,
    )


def _not_waiting(job: Job) -> tuple[str, str]:
    if job.status in TERMINAL:
        return "ended", f"The job is {job.status}."
    if job.status is JobStatus.RUNNING:
        return "running", "The job is running."
    return "accepted", "The job is accepted and will be queued shortly."


def _waiting_step(step: StepId, found: Waiting) -> WaitingStep:
    return WaitingStep(
        step_id=step,
        reason=found.reason,
        position=found.ahead + 1,
        work_ahead=found.ahead,
        sharing_tenants=found.tenants,
        matching_workers=found.matching_workers,
        missing=list(found.missing),
        starts_in=Interval(min_s=found.start_in_s[0], max_s=found.start_in_s[1]) if found.start_in_s else None,
        due_at=_time(found.due_at_ms),
        avoids_worker=found.avoids_worker,
        avoids_until=_time(found.avoids_until_ms),
    )


def _time(unix_ms: int | None) -> datetime | None:
    return None if unix_ms is None else datetime.fromtimestamp(unix_ms / 1000, UTC)

"""`GET /api/jobs/{id}/why`: why a job waits, and how long it may."""

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
    WaitReason.DELAYED: "It is tried again, or begins, at a later time.",
    WaitReason.PAUSED: "An operator has paused jobs of this type.",
    WaitReason.UNWORKABLE: "No live worker can do it; `missing` says what the nearest one lacks.",
    WaitReason.NO_ROOM: "The queue keeps only so many kinds of requirements, and yours is one more; it is tried again "
    "until others are no longer in use.",
    WaitReason.BEHIND_OTHERS: "Earlier work, or other users' shares, come first.",
    WaitReason.NEXT: "It is the next of yours and begins as soon as a worker is free.",
}


class Interval(BaseModel):
    """Seconds, at best and at worst."""

    min_s: float
    max_s: float


class WaitingStep(BaseModel):
    """One step that waits. `position` counts from 1 among your steps of this kind; other users' shares come on top."""

    step_id: str
    reason: WaitReason
    position: int
    work_ahead: int = Field(description="Your own steps that come first.")
    sharing_tenants: int = Field(description="Users, you included, who share the workers.")
    matching_workers: int = Field(description="Live workers that can do it.")
    missing: list[str] = Field(description="What the nearest live worker lacks; empty where some worker fits.")
    starts_in: Interval | None = Field(description="Null until such steps were measured, or while nobody can do it.")
    due_at: datetime | None = Field(description="When a delayed step becomes due.")


class Why(BaseModel):
    """`reason` is that of the first step that waits, else `running`, `ended`, or `accepted`: not in the queue yet."""

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
    summary="Why is the job waiting?",
    responses={404: {"description": "No such job, or somebody else's"}, 503: {"description": "The queue is away"}},
)
async def why(job_id: JobIdPath, context: Ctx, user_id: CurrentUser) -> Why:
    """Explain from the live workers, the work ahead and measured times why a job has not begun, and when it may."""
    job = await context.jobs.get(job_id, user_id)
    if job is None:
        raise NotFound("job")
    waiting = []
    for step in [] if job.status in TERMINAL else await context.jobs.submitted_steps(job):
        found = await context.waiting.why_waiting(step)
        if found is not None:
            waiting.append(_waiting_step(step, found))
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
    return "accepted", "The job is accepted and on its way to a worker."


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
        due_at=datetime.fromtimestamp(found.due_at_ms / 1000, UTC) if found.due_at_ms is not None else None,
    )

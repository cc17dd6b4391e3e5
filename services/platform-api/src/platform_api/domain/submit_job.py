"""Accept a job: check it, plan its steps, price it, and write all of it at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.events import EventType
from darkroom_schemas.ids import JobId, TraceId, new_uuid7
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobEventData, JobView
from darkroom_schemas.status import JobStatus

from platform_api.domain.change import EmitEvent, LedgerEntry, LedgerKind, SubmitStep
from platform_api.domain.errors import QueueIsFull
from platform_api.domain.job import Job, JobState
from platform_api.domain.plan import JobRequest, plan_job, step_submission
from platform_api.domain.ports import Answer, Backlog, Clock, JobAcceptance, KeyedAnswer, NewJob
from platform_api.domain.view import AssetUrls, job_view

Render = Callable[[JobView, int], str]
"""Writes the answer from the job and the number of steps of its family that wait."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The caller's key, and a digest of what was asked with it."""

    key: str
    fingerprint: str


async def submit_job(
    request: JobRequest,
    *,
    trace_id: TraceId,
    idempotency: IdempotencyKey | None,
    render: Render,
    jobs: JobAcceptance,
    backlog: Backlog,
    max_depth: int,
    urls: AssetUrls,
    clock: Clock,
) -> Answer:
    """Return the answer to give; raises a `Refused`. A `max_depth` of 0 means no limit."""
    now, job_id = clock(), JobId(new_uuid7())
    plan = plan_job(request, job_id)
    queued = await backlog.queued()
    if max_depth and sum(queued.values()) >= max_depth:
        raise QueueIsFull
    job = Job(
        id=job_id,
        user_id=request.user_id,
        job_type=request.job_type,
        status=JobStatus.QUEUED,
        run=1,
        priority=request.priority,
        parameters=plan.parameters,
        steps_total=len(plan.steps),
        price_mc=plan.price_mc,
        history_seq=1,
        trace_id=trace_id,
        created_at=now,
        updated_at=now,
    )
    first = replace(plan.steps[0], submitted_at=now)
    history = HistoryEntry(
        job_id=job_id, seq=1, run=1, event=HistoryEvent.CREATED, status=job.status, message="Job accepted", at=now
    )
    view = job_view(job, urls, now)
    body = render(view, _family_depth(request.job_type, queued))
    event = JobEventData(job=view, history=history).model_dump(mode="json")
    new = NewJob(
        state=JobState(job, (first, *plan.steps[1:])),
        history=history,
        ledger=(LedgerEntry(LedgerKind.RESERVE, plan.price_mc),) if plan.price_mc else (),
        outbox=(EmitEvent(EventType.JOB_CREATED, event, history.seq), SubmitStep(step_submission(job, first))),
        idempotency=KeyedAnswer(idempotency.key, idempotency.fingerprint, body) if idempotency else None,
    )
    earlier = await jobs.accept(new)
    if earlier is not None:
        return earlier
    backlog.add(first.job_type)
    return Answer(body)


def _family_depth(job_type: str, queued: Mapping[str, int]) -> int:
    """Count the waiting steps that run on the same model."""
    model = CATALOGUE[job_type].model
    return sum(count for name, count in queued.items() if name in CATALOGUE and CATALOGUE[name].model == model)

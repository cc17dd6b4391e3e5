"""Accepts a planned job: checks it and writes it in one transaction."""

from collections.abc import Callable, Mapping

from darkroom_chassis.idempotency import IdempotencyKey
from darkroom_schemas.events import EventType
from darkroom_schemas.ids import JobId, TraceId, UserId, new_uuid7
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobEventData, JobView
from darkroom_schemas.status import JobStatus
from darkroom_schemas.webhook import JobWebhook

from platform_api.domain.accounts.ledger import LedgerEntry, LedgerKind
from platform_api.domain.answers import Answer, KeyedAnswer
from platform_api.domain.clock import Clock
from platform_api.domain.errors import QueueIsFull
from platform_api.domain.jobs.change import EmitEvent, SubmitStep
from platform_api.domain.jobs.job import Job, JobState
from platform_api.domain.jobs.ports import Backlog, JobSubmissions, NewJob
from platform_api.domain.jobs.steps import step_submission, steps_of
from platform_api.domain.jobs.view import AssetUrls, job_view
from platform_api.domain.planning.plan import Plan, check_plan

Render = Callable[[JobView, Mapping[str, int]], str]
"""Renders the response body from the job and the numbers of waiting steps by type."""


async def submit_job(
    plan: Plan,
    *,
    user_id: UserId,
    trace_id: TraceId,
    idempotency: IdempotencyKey | None,
    render: Render,
    jobs: JobSubmissions,
    backlog: Backlog,
    max_depth: int,
    urls: AssetUrls,
    clock: Clock,
    webhook: JobWebhook | None = None,
    traceparent: str | None = None,
) -> Answer:
    """Submit a job and return the response; raises a `Refused`. A `max_depth` of 0 means no limit.

    The first event of the job carries its `webhook`, which is stored by webhook-dispatcher only.
    """
    check_plan(plan)
    now, job_id = clock(), JobId(new_uuid7())
    queued = await backlog.queued()
    if max_depth and sum(queued.values()) >= max_depth:
        raise QueueIsFull
    job = Job(
        id=job_id,
        user_id=user_id,
        job_type=plan.job_type,
        status=JobStatus.QUEUED,
        run=1,
        priority=plan.priority,
        parameters=plan.parameters,
        steps_total=len(plan.steps),
        price_mc=plan.price_mc,
        history_seq=1,
        trace_id=trace_id,
        created_at=now,
        updated_at=now,
        name=plan.name,
        description=plan.description,
        collection_id=plan.collection_id,
        group_rules=plan.group_rules,
        traceparent=traceparent,
    )
    steps = steps_of(plan, job_id, now)
    ready = [step for step in steps if step.submitted_at]
    history = HistoryEntry(
        job_id=job_id, seq=1, run=1, event=HistoryEvent.CREATED, status=job.status, message="Job accepted", at=now
    )
    view = job_view(job, urls, now)
    body = render(view, queued)
    event = JobEventData(job=view, history=history).model_dump(mode="json")
    if webhook is not None:
        event["webhook"] = webhook.model_dump(mode="json")
    new = NewJob(
        state=JobState(job, steps),
        history=history,
        ledger=(LedgerEntry(LedgerKind.RESERVE, plan.price_mc),) if plan.price_mc else (),
        outbox=(
            EmitEvent(EventType.JOB_CREATED, event, history.seq),
            *(SubmitStep(step_submission(job, step)) for step in ready),
        ),
        idempotency=KeyedAnswer(idempotency.key, idempotency.fingerprint, body) if idempotency else None,
    )
    earlier = await jobs.accept(new)
    if earlier is not None:
        return earlier
    for step in ready:
        backlog.add(step.job_type)
    return Answer(body)

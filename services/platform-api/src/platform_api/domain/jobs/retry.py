"""Runs a job again under its id. Delivered outputs stay paid; only the rest is reserved again."""

from dataclasses import replace
from datetime import datetime, timedelta

from darkroom_schemas.events import EventType
from darkroom_schemas.ids import JobId, UserId
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobEventData
from darkroom_schemas.status import ACTIVE, TERMINAL, JobStatus

from platform_api.domain.accounts.ledger import LedgerEntry, LedgerKind
from platform_api.domain.errors import JobNotRetryable, JobRetryLimit, NotFound
from platform_api.domain.jobs.change import CancelStep, EmitEvent, Restart, SubmitStep
from platform_api.domain.jobs.group_steps import held_back
from platform_api.domain.jobs.job import Job, JobState, Step
from platform_api.domain.jobs.ports import JobChanges
from platform_api.domain.jobs.steps import create_step, step_submission
from platform_api.domain.jobs.view import AssetUrls, job_view
from platform_api.domain.planning.plan import PlannedStep

MAX_RETRIES = 3
STUCK_AFTER = timedelta(minutes=10)


async def retry_job(job_id: JobId, user_id: UserId, *, jobs: JobChanges, urls: AssetUrls, now: datetime) -> Job:
    """Start the job's next run and return the job.

    Raises `NotFound`, `JobNotRetryable`, `JobRetryLimit` or `NotEnoughCredits`.
    """
    state = (await jobs.load([job_id])).get(job_id)
    if state is None or state.job.user_id != user_id:
        raise NotFound("job")
    restart = restarted(state, urls, now)
    await jobs.restart(restart)
    return restart.state.job


def restarted(state: JobState, urls: AssetUrls, now: datetime) -> Restart:
    """Decide the next run of a job that failed, was cancelled, or has not changed for ten minutes.

    Raises `JobNotRetryable` or `JobRetryLimit`.
    """
    job = state.job
    is_stuck = job.status in ACTIVE and now - job.updated_at >= STUCK_AFTER
    if job.status is JobStatus.COMPLETED or (job.status in ACTIVE and not is_stuck):
        raise JobNotRetryable(job.status)
    if job.run > MAX_RETRIES:
        raise JobRetryLimit(MAX_RETRIES)
    given_up = [step for step in state.steps if step.status not in TERMINAL]
    steps = held_back([_next_run_of(step, now) for step in state.steps], job.group_rules)
    new = replace(
        job,
        status=JobStatus.QUEUED,
        run=job.run + 1,
        steps_done=0,
        outputs=(),
        text=None,
        error=None,
        reported=None,
        history_seq=job.history_seq + 1,
        updated_at=max(now, job.updated_at),
        started_at=None,
        completed_at=None,
    )
    history = HistoryEntry(
        job_id=job.id, seq=new.history_seq, run=new.run, event=HistoryEvent.RETRIED, status=new.status,
        message=f"Retry {job.run} of {MAX_RETRIES}", at=now,
    )  # fmt: skip
    event = JobEventData(job=job_view(new, urls, now), history=history).model_dump(mode="json")
    return Restart(
        before=job,
        state=JobState(new, steps, state.captured),
        given_up=tuple(replace(step, status=JobStatus.CANCELLED, finished_at=now) for step in given_up),
        history=history,
        outbox=(
            *(CancelStep(step.id, "the job is run again") for step in given_up if step.submitted_at),
            EmitEvent(EventType.JOB_RETRIED, event, history.seq),
            *(SubmitStep(step_submission(new, step)) for step in steps if step.submitted_at),
        ),
        ledger=_ledger(job, is_stuck),
    )


def _next_run_of(step: Step, now: datetime) -> Step:
    payload = step.template or step.payload
    planned = PlannedStep(step.job_type, payload, step.price_mc, step.outputs, step.needs, step.requirements)
    return create_step(planned, step.job_id, step.number, now, run=step.run + 1)


def _ledger(job: Job, is_stuck: bool) -> tuple[LedgerEntry, ...]:
    """Reserve what no run has captured. A stuck run has not released its reservation, so release it first."""
    rest = job.price_mc - job.charged_mc
    if not rest:
        return ()
    reserve = LedgerEntry(LedgerKind.RESERVE, rest)
    return (LedgerEntry(LedgerKind.RELEASE, rest, of_run=job.run), reserve) if is_stuck else (reserve,)

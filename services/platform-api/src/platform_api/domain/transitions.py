"""The one place that decides how a job changes. Pure: state and event in, change (or nothing) out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobError, JobEventData
from darkroom_schemas.status import TERMINAL, JobStatus, sources_of
from darkroom_schemas.step import StepError, StepResult

from platform_api.domain.change import CancelStep, Change, EmitEvent, LedgerEntry, LedgerKind, OutboxItem, SubmitStep
from platform_api.domain.delivery import assets_of, delivered
from platform_api.domain.job import Job, JobState, Step
from platform_api.domain.plan import PROMPT_TYPE, step_submission
from platform_api.domain.templates import fill_in
from platform_api.domain.view import AssetUrls, job_view


def on_step_event(state: JobState, event: Event, urls: AssetUrls) -> Change | None:
    """Decide what a step's event does to its job. None: it is about an old run, out of order, or changes nothing."""
    step = next((step for step in state.steps if step.id == event.step_id), None)
    if step is None or step.submitted_at is None or step.status in TERMINAL or state.job.status in TERMINAL:
        return None
    now = datetime.fromtimestamp(event.at_ms / 1000, UTC)
    decide = {
        EventType.STEP_STARTED: _started,
        EventType.STEP_RETRYING: _retrying,
        EventType.STEP_COMPLETED: _completed,
        EventType.STEP_FAILED: _failed,
        EventType.STEP_CANCELLED: _cancelled,
    }.get(event.type)  # type: ignore[call-overload]  # any string may be asked of a dict of enum members
    change: Change | None = decide(state, step, event.data, now, urls) if decide else None
    return replace(change, source_event_id=event.id) if change else None


def on_cancel(state: JobState, reason: str, now: datetime, urls: AssetUrls) -> Change | None:
    """Decide a cancellation asked for by the user: final at once, the queue is told afterwards."""
    if state.job.status in TERMINAL:
        return None
    return _end(state, JobStatus.CANCELLED, reason, now, urls)


def _started(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change | None:
    if step.status not in sources_of(JobStatus.RUNNING):
        return None
    running = replace(step, status=JobStatus.RUNNING, started_at=now, worker_id=data.get("worker_id"))
    job = replace(state.job, status=JobStatus.RUNNING, started_at=state.job.started_at or now)
    message = f"Node {step.number + 1} of {job.steps_total} started: {CATALOGUE[step.job_type].label}"
    kind = EventType.JOB_STARTED if state.job.started_at is None else EventType.JOB_UPDATED
    return _change(state, job, [running], HistoryEvent.NODE_STARTED, message, now, urls, kind)


def _retrying(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change | None:
    if step.status not in sources_of(JobStatus.DELAYED):
        return None
    delayed = replace(step, status=JobStatus.DELAYED, worker_id=None)
    job = replace(state.job, status=JobStatus.DELAYED)
    message = f"Attempt {data.get('attempt', 1)} failed and is tried again: {_error_in(data).message}"
    return _change(state, job, [delayed], HistoryEvent.NODE_RETRYING, message, now, urls, EventType.JOB_UPDATED)


def _completed(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change | None:
    result = StepResult.model_validate(data.get("result") or {})
    text = _storable(result.text) if result.text else None
    done = replace(step, status=JobStatus.COMPLETED, finished_at=now, text=text, timings_s=dict(result.timings_s))
    assets = assets_of(state.job, step, result, now)
    items = [f"{step.number:02d}:{asset.output_index:02d}" for asset in assets]
    if step.job_type == PROMPT_TYPE and text:
        items.append(f"{step.number:02d}:text")
    if not items:
        error = JobError(code="backend_error", message="The worker reported success without a result.")
        return _end(state, JobStatus.FAILED, error.message, now, urls, error=error, ended=step)
    captures = [LedgerEntry(LedgerKind.CAPTURE, step.price_mc, item) for item in items if step.price_mc]
    job = replace(
        state.job,
        steps_done=state.job.steps_done + 1,
        outputs=(*state.job.outputs, *map(delivered, assets)),
        text=text or state.job.text,
        charged_mc=state.job.charged_mc + sum(entry.amount_mc for entry in captures),
    )
    emitted = [EmitEvent(EventType.ASSET_CREATED, {"asset_id": a.id, "mime_type": a.mime_type}) for a in assets]
    following = next((s for s in state.steps if s.number == step.number + 1), None)
    if following is None:
        ledger = (*captures, *_rest(job))
        job = replace(job, status=JobStatus.COMPLETED, completed_at=now)
        change = _change(
            state, job, [done], HistoryEvent.COMPLETE, "Job completed", now, urls, EventType.JOB_COMPLETED, emitted
        )
        return replace(change, assets=tuple(assets), ledger=ledger)
    texts = {s.number: s.text for s in (*state.steps, done) if s.text}
    payload = following.payload | {"prompt": fill_in(following.payload["prompt"], texts)}
    following = replace(following, payload=payload, submitted_at=now)
    message = f"Node {step.number + 1} of {job.steps_total} completed: {CATALOGUE[step.job_type].label}"
    change = _change(
        state, job, [done, following], HistoryEvent.NODE_COMPLETED, message, now, urls, EventType.JOB_UPDATED,
        [*emitted, SubmitStep(step_submission(job, following))],
    )  # fmt: skip
    return replace(change, assets=tuple(assets), ledger=tuple(captures))


def _failed(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change:
    error = _error_in(data)
    return _end(state, JobStatus.FAILED, f"Job failed: {error.message}", now, urls, error=error, ended=step)


def _cancelled(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change:
    reason = str(data.get("reason") or "cancelled in the queue")
    return _end(state, JobStatus.CANCELLED, reason, now, urls, ended=step)


def _end(
    state: JobState, status: JobStatus, message: str, now: datetime, urls: AssetUrls,
    *, error: JobError | None = None, ended: Step | None = None,
) -> Change:  # fmt: skip
    """End a job that did not complete: revoke what the queue still has and give back what was not delivered."""
    steps, revoked = [], []
    for step in state.steps:
        if step.status in TERMINAL:
            continue
        own = ended is not None and step.number == ended.number
        steps.append(replace(step, status=status if own else JobStatus.CANCELLED, finished_at=now))
        if step.submitted_at is not None and not own:
            revoked.append(CancelStep(step.id, message))
    if status is JobStatus.CANCELLED:
        event, kind, message = HistoryEvent.CANCELLED, EventType.JOB_CANCELLED, f"Job cancelled: {message}"
        error = JobError(code="cancelled", message=message)
    else:
        event, kind = HistoryEvent.ERROR, EventType.JOB_FAILED
    job = replace(state.job, status=status, completed_at=now, error=error)
    change = _change(state, job, steps, event, message, now, urls, kind, revoked)
    return replace(change, ledger=_rest(job))


def _change(
    state: JobState, job: Job, steps: Sequence[Step], event: HistoryEvent, message: str, now: datetime,
    urls: AssetUrls, kind: EventType, also: Sequence[OutboxItem] = (),
) -> Change:  # fmt: skip
    """Complete a change with its history entry and its event, which comes last: after `also`."""
    seq = state.job.history_seq + 1
    job = replace(job, history_seq=seq, updated_at=max(now, state.job.updated_at))
    history = HistoryEntry(
        job_id=job.id, seq=seq, run=job.run, event=event, status=job.status, message=message,
        progress=job.progress(), at=now,
    )  # fmt: skip
    data = JobEventData(job=job_view(job, urls, now), history=history).model_dump(mode="json")
    changed = {step.number: step for step in steps}
    return Change(
        before=state.job,
        state=JobState(job, tuple(changed.get(step.number, step) for step in state.steps)),
        steps=tuple(steps),
        history=history,
        outbox=(*also, EmitEvent(kind, data, seq)),
    )


def _rest(job: Job) -> tuple[LedgerEntry, ...]:
    """Give back what was reserved and not captured. A first run's reservation is the whole price."""
    rest = job.price_mc - job.charged_mc
    return (LedgerEntry(LedgerKind.RELEASE, rest),) if rest else ()


def _storable(text: str) -> str:
    """Drop U+0000, which a worker may send and PostgreSQL cannot keep."""
    return text.replace("\0", "")


def _error_in(data: dict[str, Any]) -> JobError:
    error = StepError.model_validate(data["error"])
    return JobError(code=error.code, message=_storable(error.message))

"""All transitions of a job. Pure functions from state and event to a change, or None."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobError, JobEventData
from darkroom_schemas.status import TERMINAL, JobStatus, sources_of
from darkroom_schemas.step import StepError, StepResult

from platform_api.domain.accounts.ledger import LedgerEntry, LedgerKind
from platform_api.domain.jobs.change import CancelStep, Change, EmitEvent, OutboxItem, SubmitStep
from platform_api.domain.jobs.delivery import accepted, assets_of, delivered, items_of, keys_of, unpaid
from platform_api.domain.jobs.group_steps import Outcome, is_child, outcome_of
from platform_api.domain.jobs.job import Job, JobState, Step
from platform_api.domain.jobs.ready_steps import ready_steps
from platform_api.domain.jobs.steps import step_submission
from platform_api.domain.jobs.view import AssetUrls, job_view
from platform_api.domain.planning.templates import Unfillable

GIVEN_UP = frozenset({JobStatus.CANCELLED, JobStatus.FAILED})


def on_step_event(state: JobState, event: Event, urls: AssetUrls) -> Change | None:
    """Return the change that a step's event causes; None if it is about an old run, out of order, or without effect."""
    step = next((step for step in state.steps if step.id == event.step_id), None)
    if step is None or step.submitted_at is None or step.status in TERMINAL or state.job.status in TERMINAL:
        return None
    now = datetime.fromtimestamp(event.at_ms / 1000, UTC)
    decide = {
        EventType.STEP_STARTED: _started,
        EventType.STEP_RETRYING: _retrying,
        EventType.STEP_RELEASED: _released,
        EventType.STEP_COMPLETED: _completed,
        EventType.STEP_FAILED: _failed,
        EventType.STEP_CANCELLED: _cancelled,
    }.get(event.type)  # type: ignore[call-overload]  # `event.type` may be any string, also one that is no member
    change: Change | None = decide(state, step, event.data, now, urls) if decide else None
    return replace(change, source_event_id=event.id) if change else None


def late_keys(state: JobState, event: Event) -> list[str]:
    """Return the object keys of a step that completed after it was given up: nothing will refer to them."""
    step = next((step for step in state.steps if step.id == event.step_id), None)
    if event.type != EventType.STEP_COMPLETED or step is None or step.status not in GIVEN_UP:
        return []
    return keys_of(StepResult.model_validate(event.data.get("result") or {}).outputs)


def on_cancel(state: JobState, reason: str, now: datetime, urls: AssetUrls) -> Change | None:
    """Return the change for a user's cancellation. It is final at once; the queue is notified afterwards."""
    if state.job.status in TERMINAL:
        return None
    return _end(state, JobStatus.CANCELLED, reason, now, urls)


def on_reported_end(
    state: JobState, status: JobStatus, message: str, report: dict[str, Any], now: datetime, urls: AssetUrls
) -> Change | None:
    """Return the change for an end that an outside system reports. Captures stay; unfinished steps are cancelled."""
    if state.job.status in TERMINAL:
        return None
    state = replace(state, job=replace(state.job, reported=report))
    if status is JobStatus.COMPLETED:
        return _end(state, status, message, now, urls, details=report.get("metadata"))
    error = JobError(code="reported_failure", message=message)
    return _end(state, status, message, now, urls, error=error, details=report.get("error_details"))


def _started(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change | None:
    if step.status not in sources_of(JobStatus.RUNNING):
        return None
    running = replace(step, status=JobStatus.RUNNING, started_at=now, worker_id=data.get("worker_id"))
    job = replace(state.job, status=JobStatus.RUNNING, started_at=state.job.started_at or now)
    message = f"Node {step.number + 1} of {job.steps_total} started: {CATALOGUE[step.job_type].label}"
    kind = EventType.JOB_STARTED if state.job.started_at is None else EventType.JOB_UPDATED
    return _change(state, job, [running], HistoryEvent.NODE_STARTED, message, now, urls, kind, node=step)


def _retrying(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change | None:
    if step.status not in sources_of(JobStatus.DELAYED):
        return None
    delayed = replace(step, status=JobStatus.DELAYED, worker_id=None)
    job = replace(state.job, status=_status_of(_with(state.steps, delayed)))
    message = f"Attempt {data.get('attempt', 1)} failed and will be retried: {_error_in(data).message}"
    return _change(state, job, [delayed], HistoryEvent.NODE_RETRYING, message, now, urls, EventType.JOB_UPDATED,
                   node=step)  # fmt: skip


def _released(state: JobState, step: Step, _: dict[str, Any], now: datetime, urls: AssetUrls) -> Change | None:
    if step.status not in sources_of(JobStatus.QUEUED):
        return None
    queued = replace(step, status=JobStatus.QUEUED, worker_id=None)
    steps = _with(state.steps, queued)
    idle = not any(other.status in {JobStatus.RUNNING, JobStatus.DELAYED} for other in steps)
    job = replace(state.job, status=JobStatus.QUEUED if idle else _status_of(steps))
    message = f"Node {step.number + 1} of {job.steps_total} was requeued because its worker was stopped"
    return _change(state, job, [queued], HistoryEvent.NODE_RETRYING, message, now, urls, EventType.JOB_UPDATED,
                   node=step)  # fmt: skip


def _completed(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change | None:
    result = StepResult.model_validate(data.get("result") or {})
    text = _storable(result.text) if result.text is not None else None
    done = replace(step, status=JobStatus.COMPLETED, finished_at=now, text=text, timings_s=dict(result.timings_s))
    counting, others = accepted(step, result)
    assets = assets_of(state.job, step, counting, now)
    discarded = tuple(keys_of(others))
    items = items_of(step, assets, text)
    if not items:
        error = JobError(code="backend_error", message="The worker reported success without a result.")
        if others:
            error = JobError(code=StepErrorCode.OUTPUT_TOO_LARGE, message="The results are larger than allowed.")
        change = _end(state, JobStatus.FAILED, error.message, now, urls, error=error, ended=step)
        return replace(change, discarded=discarded)
    captures = [
        LedgerEntry(LedgerKind.CAPTURE, step.price_mc, item)
        for item in unpaid(step, items, state.captured)
        if step.price_mc
    ]
    steps = _with(state.steps, done)
    job = replace(
        state.job,
        status=_status_of(steps),
        steps_done=state.job.steps_done + 1,
        outputs=(*state.job.outputs, *map(delivered, assets)),
        text=next((s.text for s in reversed(steps) if s.text), None),
        charged_mc=state.job.charged_mc + sum(entry.amount_mc for entry in captures),
    )
    emitted = [EmitEvent(EventType.ASSET_CREATED, {"asset_id": a.id, "mime_type": a.mime_type}) for a in assets]
    after = replace(state, job=job, steps=steps)
    message = f"Node {step.number + 1} of {job.steps_total} completed: {CATALOGUE[step.job_type].label}"
    change = _after_step(after, done, HistoryEvent.NODE_COMPLETED, message, now, urls, notes=result.notes)
    return replace(
        change,
        before=state.job,
        outbox=(*emitted, *change.outbox),
        assets=tuple(assets),
        ledger=(*captures, *change.ledger),
        discarded=discarded,
    )


def _failed(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change:
    error = _error_in(data)
    if is_child(state.job, step):
        lost = replace(step, status=JobStatus.FAILED, finished_at=now, error=error)
        return _child_lost(state, lost, error.message, now, urls)
    return _end(state, JobStatus.FAILED, f"Job failed: {error.message}", now, urls, error=error, ended=step)


def _cancelled(state: JobState, step: Step, data: dict[str, Any], now: datetime, urls: AssetUrls) -> Change:
    reason = _storable(str(data.get("reason") or "cancelled in the queue"))
    if is_child(state.job, step):
        return _child_lost(state, replace(step, status=JobStatus.CANCELLED, finished_at=now), reason, now, urls)
    return _end(state, JobStatus.CANCELLED, reason, now, urls, ended=step)


def _child_lost(state: JobState, lost: Step, reason: str, now: datetime, urls: AssetUrls) -> Change:
    """Continue with the other children of a group; end the job if this was the last one."""
    steps = _with(state.steps, lost)
    after = replace(state, job=replace(state.job, status=_status_of(steps)), steps=steps)
    message = f"Node {lost.number + 1} of {state.job.steps_total} {lost.status.value}: {reason}"
    change = _after_step(after, lost, HistoryEvent.NODE_FAILED, message, now, urls)
    return replace(change, before=state.job)


def _after_step(
    after: JobState, ended: Step, event: HistoryEvent, message: str, now: datetime, urls: AssetUrls,
    *, notes: Sequence[str] = (),
) -> Change:  # fmt: skip
    """Decide what follows the end of a step: more steps, or the end of the job. `after` contains the ended step."""
    match outcome_of(after):
        case Outcome.MET:
            change = _end(after, JobStatus.COMPLETED, _with_notes("Job completed", notes), now, urls, ended=ended)
        case Outcome.MISSED:
            change = _end_of_group(after, ended, now, urls)
        case Outcome.OPEN:
            try:
                ready = ready_steps(after, urls, now)
            except Unfillable as reason:
                error = JobError(code="unfillable_template", message=f"A later step cannot be submitted: {reason}.")
                change = _end(after, JobStatus.FAILED, error.message, now, urls, error=error)
            else:
                submits = [SubmitStep(step_submission(after.job, one)) for one in ready]
                change = _change(after, after.job, ready, event, _with_notes(message, notes), now, urls,
                                 EventType.JOB_UPDATED, submits, node=ended)  # fmt: skip
    return replace(change, steps=(ended, *change.steps))


def _end_of_group(after: JobState, ended: Step, now: datetime, urls: AssetUrls) -> Change:
    """End a job whose children have all ended, too few of them with a result. What was delivered stays paid."""
    children = [step for step in after.steps if is_child(after.job, step)]
    completed = sum(child.status is JobStatus.COMPLETED for child in children)
    errors = [child.error for child in children if child.error]
    if not completed and not errors:
        return _end(after, JobStatus.CANCELLED, "all children were cancelled in the queue", now, urls, ended=ended)
    sentence = " ".join(
        (f"{completed} of {len(children)} children completed.", *(error.message for error in errors[:1]))
    )
    error = JobError(code="group_incomplete", message=sentence)
    return _end(after, JobStatus.FAILED, sentence, now, urls, error=error, ended=ended)


def _end(
    state: JobState, status: JobStatus, message: str, now: datetime, urls: AssetUrls,
    *, error: JobError | None = None, ended: Step | None = None, details: Any = None,
) -> Change:  # fmt: skip
    """End a job before all of its steps: cancel unfinished steps and release what was not delivered."""
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
    elif status is JobStatus.COMPLETED:
        event, kind = HistoryEvent.COMPLETE, EventType.JOB_COMPLETED
    else:
        event, kind = HistoryEvent.ERROR, EventType.JOB_FAILED
    job = replace(state.job, status=status, completed_at=now, error=error)
    change = _change(state, job, steps, event, message, now, urls, kind, revoked, node=ended, details=details)
    return replace(change, ledger=_rest(job))


def _change(
    state: JobState, job: Job, steps: Sequence[Step], event: HistoryEvent, message: str, now: datetime,
    urls: AssetUrls, kind: EventType, also: Sequence[OutboxItem] = (), *, node: Step | None = None,
    details: Any = None,
) -> Change:  # fmt: skip
    """Complete a change with its history entry and its event, which follows `also`. `node` is the causing step."""
    seq = state.job.history_seq + 1
    job = replace(job, history_seq=seq, updated_at=max(now, state.job.updated_at))
    history = HistoryEntry(
        job_id=job.id, seq=seq, run=job.run, event=event, status=job.status, message=message,
        step=node.number if node else None, progress=job.progress(), at=now, details=details,
    )  # fmt: skip
    data = JobEventData(job=job_view(job, urls, now), history=history).model_dump(mode="json")
    return Change(
        before=state.job,
        state=replace(state, job=job, steps=_with(state.steps, *steps)),
        steps=tuple(steps),
        history=history,
        outbox=(*also, EmitEvent(kind, data, seq)),
    )


def _with(steps: Sequence[Step], *changed: Step) -> tuple[Step, ...]:
    """Replace steps by their changed versions."""
    by_number = {step.number: step for step in changed}
    return tuple(by_number.get(step.number, step) for step in steps)


def _status_of(steps: Sequence[Step]) -> JobStatus:
    """Return the status of a started, unfinished job: delayed only if no step is running."""
    statuses = {step.status for step in steps}
    only_delayed = JobStatus.DELAYED in statuses and JobStatus.RUNNING not in statuses
    return JobStatus.DELAYED if only_delayed else JobStatus.RUNNING


def _rest(job: Job) -> tuple[LedgerEntry, ...]:
    """Release what was reserved and not captured: each run reserves what no earlier run captured."""
    rest = job.price_mc - job.charged_mc
    return (LedgerEntry(LedgerKind.RELEASE, rest),) if rest else ()


def _with_notes(message: str, notes: Sequence[str]) -> str:
    """Append what the worker notes about the result."""
    return ". ".join((message, _storable(" ".join(notes)))) if notes else message


def _storable(text: str) -> str:
    """Remove U+0000, which a worker may send and PostgreSQL cannot store."""
    return text.replace("\0", "")


def _error_in(data: dict[str, Any]) -> JobError:
    error = StepError.model_validate(data["error"])
    return JobError(code=error.code, message=_storable(error.message))

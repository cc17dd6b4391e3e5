"""Applies step events of the queue's log to jobs, history, assets and credits."""

from collections.abc import Iterable, Sequence

from darkroom_schemas.events import STEP_TERMINAL, Event, EventType
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepView

from platform_api.domain.jobs.change import Change
from platform_api.domain.jobs.ports import JobChanges
from platform_api.domain.jobs.transitions import late_keys, on_step_event
from platform_api.domain.jobs.view import AssetUrls

JOB_CHANGING = frozenset({EventType.STEP_STARTED, EventType.STEP_RETRYING, EventType.STEP_RELEASED}) | STEP_TERMINAL
"""Events that can change a job. All other events are skipped without reading the job."""

WITHOUT_RESULT = frozenset(
    {EventType.STEP_RETRYING, EventType.STEP_RELEASED, EventType.STEP_FAILED, EventType.STEP_CANCELLED}
)
"""Attempts that ended without a result may have left objects: a killed worker deletes nothing."""


async def apply_step_events(events: Sequence[Event], *, jobs: JobChanges, urls: AssetUrls) -> list[Change]:
    """Apply the events in order, inside the caller's transaction, and return the changes that were written.

    Events have no effect if their step does not belong to a job, if they were applied before, or if they are outdated.
    """
    job_events = [event for event in events if event.type in JOB_CHANGING and _is_job_step(event)]
    states = await jobs.load({event.job_id for event in job_events})
    known = [event for event in job_events if event.job_id in states]
    repeated = await jobs.applied([(event.job_id, event.id) for event in known])
    changes, unwanted = [], list[str]()
    for event in known:
        if (event.job_id, event.id) in repeated:
            continue
        repeated.add((event.job_id, event.id))
        change = on_step_event(states[event.job_id], event, urls)
        if change is not None:
            states[event.job_id] = change.state
            changes.append(change)
        else:
            unwanted += late_keys(states[event.job_id], event)
    await jobs.save(changes)
    await jobs.discard(unwanted)
    await jobs.scan_for_orphans({event.job_id for event in known if event.type in WITHOUT_RESULT})
    return changes


def failure_replacing(event: Event) -> Event:
    """Return a failure of the step that replaces an event which the database cannot store."""
    error = {"code": "internal_error", "message": "The worker's report cannot be stored."}
    return event.model_copy(update={"type": EventType.STEP_FAILED, "data": {"error": error}})


def events_of(view: StepView) -> Iterable[Event]:
    """Derive events from the queue's state of a step, for when its log no longer contains them.

    The ids match no log entry. The same state always yields the same ids.
    """
    if view.started_at_ms is not None:
        yield _event(view, "step.started", view.started_at_ms, {"worker_id": view.worker_id, "attempt": view.attempt})
    at_ms = view.finished_at_ms or view.started_at_ms or view.queued_at_ms
    match view.status:
        case JobStatus.COMPLETED:
            result = view.result.model_dump(mode="json") if view.result else {}
            yield _event(view, "step.completed", at_ms, {"result": result})
        case JobStatus.FAILED:
            error = view.error.model_dump(mode="json") if view.error else _UNKNOWN_ERROR
            yield _event(view, "step.failed", at_ms, {"error": error})
        case JobStatus.CANCELLED:
            yield _event(view, "step.cancelled", at_ms, {"reason": "cancelled in the queue"})


_UNKNOWN_ERROR = {"code": "internal_error", "message": "The step failed for a reason that is no longer known."}


def _event(view: StepView, type_: str, at_ms: int, data: dict[str, object]) -> Event:
    return Event(
        id=f"retold:{view.id}:{type_}:{view.attempt}",
        type=type_,
        job_id=view.job_id,
        step_id=view.id,
        tenant=view.tenant,
        at_ms=at_ms,
        data=data,
    )


def _is_job_step(event: Event) -> bool:
    """Distinguish steps of jobs, `<job uuid>:<run>:<nn>`, from steps submitted directly to queue-api."""
    is_uuid = len(event.job_id) == 36 and event.job_id.count("-") == 4
    return is_uuid and event.step_id is not None and event.step_id.startswith(f"{event.job_id}:")

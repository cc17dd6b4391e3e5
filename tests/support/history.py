"""Judges a finished run: did every accepted step end exactly once, by the hand of the worker that held it last?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from darkroom_schemas.events import STEP_TERMINAL, Event, EventType
from darkroom_schemas.ids import StepId
from darkroom_schemas.status import TERMINAL
from darkroom_schemas.step import StepSubmit, StepView


def broken_promises(
    accepted: Iterable[StepSubmit], events: Iterable[Event], views: Mapping[StepId, StepView | None]
) -> list[str]:
    """Return a sentence for each promise that the log and the final states show broken."""
    stories: dict[StepId, list[Event]] = defaultdict(list)
    for event in events:
        if event.step_id is not None:
            stories[event.step_id].append(event)
    return [
        f"{step.id}: {fault}" for step in accepted for fault in _faults_of(step, stories[step.id], views.get(step.id))
    ]


def _faults_of(step: StepSubmit, story: list[Event], view: StepView | None) -> list[str]:
    if view is None:
        return ["is lost"]
    if view.status not in TERMINAL:
        return [f"has not ended but is {view.status}"]
    ends = [event for event in story if event.type in STEP_TERMINAL]
    if len(ends) != 1:
        return [f"ended {len(ends)} times"]
    [end] = ends
    faults = []
    if story[-1] is not end:
        faults.append(f"{story[-1].type} came after its end")
    if end.type != f"step.{view.status}":
        faults.append(f"is {view.status}, but its last event is {end.type}")
    starts = [event for event in story if event.type == EventType.STEP_STARTED]
    if any(start.data["attempt"] > step.max_attempts for start in starts):
        faults.append(f"was tried more than {step.max_attempts} times")
    if end.type == EventType.STEP_COMPLETED:
        faults += _faults_of_completion(starts, end, view)
    return faults


def _faults_of_completion(starts: list[Event], end: Event, view: StepView) -> list[str]:
    faults = []
    holder = [(start.data["worker_id"], start.data["attempt"]) for start in starts][-1:]
    if holder != [(end.data["worker_id"], end.data["attempt"])]:
        faults.append(f"was completed by {end.data['worker_id']}, but held by {holder}")
    kept = view.result.text if view.result is not None else None
    if kept != end.data["result"].get("text"):
        faults.append("keeps another result than the one that completed it")
    return faults

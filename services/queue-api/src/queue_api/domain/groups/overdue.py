"""The time limit of children that lost their back end. A running child's own limit is the worker's to keep."""

from collections.abc import Collection, Mapping

from darkroom_schemas.ids import StepId
from darkroom_schemas.status import TERMINAL, JobStatus

from queue_api.domain.groups.record import GroupRecord
from queue_api.domain.groups.views import Views

Clocks = Mapping[StepId, int]
"""Unix milliseconds at which the time of children began."""


def clocks_of(record: GroupRecord, views: Views, online: Collection[str], now_ms: int) -> Clocks:
    """Return when the time of children began that run, or wait for a back end that is not online."""
    clocks = {}
    for child in record.children:
        view = views.get(child.step_id)
        if view is None or view.status in TERMINAL:
            continue
        if view.status is JobStatus.RUNNING:
            clocks[child.step_id] = view.started_at_ms or now_ms
        elif child.backend_id is not None and child.backend_id not in online:
            clocks[child.step_id] = now_ms
    return clocks


def overdue(record: GroupRecord, views: Views, clocks: Clocks, now_ms: int) -> list[StepId]:
    """Return the children that wait although their time is over."""
    limit_ms = record.timeout_s * 1000
    return [
        step_id
        for step_id, began_ms in clocks.items()
        if now_ms >= began_ms + limit_ms
        and (view := views.get(step_id)) is not None
        and view.status in {JobStatus.QUEUED, JobStatus.DELAYED}
    ]

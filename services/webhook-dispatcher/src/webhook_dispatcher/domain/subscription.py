"""Which events an endpoint receives: by name, and by what they are about."""

from collections.abc import Sequence
from dataclasses import dataclass

from darkroom_schemas.webhook import name_for

from webhook_dispatcher.domain.events import Subject


@dataclass(frozen=True, slots=True)
class Filters:
    """Each list that is not empty must contain the event's value. An event without such a value does not match."""

    job_types: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    job_priorities: tuple[int, ...] = ()
    worker_ids: tuple[str, ...] = ()
    machine_ids: tuple[str, ...] = ()

    def match(self, subject: Subject) -> bool:
        """Whether an event about this subject passes."""
        pairs = (
            (self.job_types, subject.job_type),
            (self.statuses, subject.status),
            (self.job_priorities, subject.priority),
            (self.worker_ids, subject.worker_id),
            (self.machine_ids, subject.machine_id),
        )
        return all(not allowed or value in allowed for allowed, value in pairs)


def received_as(names: Sequence[str], subject: Subject, listed: Sequence[str], filters: Filters) -> str | None:
    """Return the name under which an endpoint receives an event, or None. Notices about endpoints pass all filters."""
    name = name_for(names, listed)
    if name is None or not (name.startswith("endpoint.") or filters.match(subject)):
        return None
    return name

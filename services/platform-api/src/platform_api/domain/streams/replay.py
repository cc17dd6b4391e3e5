"""Past events, for streams that resume."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Protocol

from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, UserId
from darkroom_schemas.job import JobEventData
from pydantic import ValidationError


class EventsLost(Exception):
    """The log no longer contains all requested events."""


class Replay(Protocol):
    """Past events of a job."""

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
        """Return the events after `after`; raises `EventsLost`."""
        ...


class UserReplay(Protocol):
    """Past events of a user's jobs."""

    def read_user(self, user_id: UserId, after: EventId) -> AsyncIterator[Event]:
        """Yield the events after `after`; raises `EventsLost`."""
        ...


def resume_position(last_event_id: str | None) -> EventId | None:
    """Parse a Last-Event-ID. An invalid one is ignored: the stream starts with a snapshot."""
    with suppress(ValueError):
        return EventId.parse(last_event_id) if last_event_id else None
    return None


def job_event_data(event: Event) -> JobEventData | None:
    """Parse the data of a `job.*` event. Returns None for invalid data, which must not end the stream."""
    try:
        return JobEventData.model_validate(event.data)
    except ValidationError:
        return None

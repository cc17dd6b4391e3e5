"""Reads past events from the log for one listener that resumes."""

from collections.abc import AsyncIterator

from darkroom_queue import EventLog, LogTruncated, QueueClient
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, TenantId, UserId

from platform_api.domain.streams.replay import EventsLost
from platform_api.domain.streams.user_stream import concerns_user

PAGE = 1000
MAX_EVENTS = 25_000
"""A listener that missed more events, of all users, gets a reset instead."""


class LogReplay:
    """Implements `Replay` and `UserReplay`."""

    def __init__(self, redis_client: QueueClient) -> None:
        self._client = redis_client

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
        try:
            return await EventLog(self._client).read_job(job_id, after)
        except LogTruncated as error:
            raise EventsLost(str(error)) from error

    async def read_user(self, user_id: UserId, after: EventId) -> AsyncIterator[Event]:
        log, seen = EventLog(self._client), 0
        while seen < MAX_EVENTS:
            try:
                events = await log.read(after, count=PAGE)
            except LogTruncated as error:
                raise EventsLost(str(error)) from error
            if not events:  # only an empty page is the last one: a page may have fewer events than `PAGE`
                return
            for event in events:
                if event.tenant == TenantId(user_id) and concerns_user(event):
                    yield event
            after, seen = EventId.parse(events[-1].id), seen + len(events)
        raise EventsLost(f"more than {MAX_EVENTS} events since then")

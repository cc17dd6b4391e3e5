"""What happened in the past, read from the log for one listener who comes back."""

from collections.abc import AsyncIterator

from darkroom_queue import EventLog, LogTruncated, RedisLink
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, TenantId, UserId

from platform_api.domain.job_stream import EventsLost
from platform_api.domain.user_stream import concerns_user

PAGE = 1000
MAX_PAGES = 25
"""A listener who was away for longer than that many events of everybody's is told to start afresh instead."""


class LogReplay:
    """Implements `Replay` and `UserReplay`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
        try:
            return await EventLog(self._link).read_job(job_id, after)
        except LogTruncated as error:
            raise EventsLost(str(error)) from error

    async def read_user(self, user_id: UserId, after: EventId) -> AsyncIterator[Event]:
        log = EventLog(self._link)
        for _ in range(MAX_PAGES):
            try:
                events = await log.read(after, count=PAGE)
            except LogTruncated as error:
                raise EventsLost(str(error)) from error
            for event in events:
                if event.tenant == TenantId(user_id) and concerns_user(event):
                    yield event
            if len(events) < PAGE:
                return
            after = EventId.parse(events[-1].id)
        raise EventsLost(f"more than {MAX_PAGES * PAGE} events came since")

"""The latest events of all users in memory, shared by all streams that resume.

After a restart of a replica, its clients reconnect within seconds. Without this, each of them would read the whole log
for the few events that it missed.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from darkroom_queue import EventFanout, EventLog, LogTruncated, QueueClient
from darkroom_queue.log.fanout import ALL
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, TenantId, UserId

from platform_api.domain.streams.replay import EventsLost
from platform_api.domain.streams.user_stream import concerns_user

PAGE = 1000
MAX_EVENTS = 25_000
"""A client that missed more events, of all users, gets a reset instead."""
MAX_STORED = 5_000


class RecentEvents:
    """Implements `Replay` and `UserReplay`, and the `Listener` that records the events of the fan-out."""

    def __init__(self, redis_client: QueueClient, fanout: EventFanout) -> None:
        self._client, self._fanout = redis_client, fanout
        self._events: deque[Event] = deque()
        self._start: EventId | None = None
        """All events after this one that concern users are stored; None before the fan-out reads the log."""
        self._lost: EventId | None = None
        """A client that resumes here or before gets a reset: so the log was read once, not for each of them."""
        self._extending = asyncio.Lock()

    async def run(self) -> None:
        """Record the events of the fan-out until cancelled."""
        async with self._fanout.listen(ALL, self) as position:
            self.reset(position)
            await asyncio.Event().wait()

    def offer(self, events: Sequence[Event]) -> None:
        """Record events; the oldest ones are dropped if there are too many."""
        self._events.extend(filter(concerns_user, events))
        while len(self._events) > MAX_STORED:
            self._start = EventId.parse(self._events.popleft().id)

    def reset(self, position: EventId) -> None:
        """Start over: events before `position` may be missing."""
        self._events.clear()
        self._start = position

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]:
        """Return the stored events of a job, which has a log of its own."""
        try:
            return await EventLog(self._client).read_job(job_id, after)
        except LogTruncated as error:
            raise EventsLost(str(error)) from error

    async def read_user(self, user_id: UserId, after: EventId) -> AsyncIterator[Event]:
        """Yield the user's events after `after`."""
        for event in await self._since(after):
            if event.tenant == TenantId(user_id) and EventId.parse(event.id) > after:
                yield event

    async def _since(self, after: EventId) -> Sequence[Event]:
        """Return at least the events after `after`. One caller reads the missing ones from the log, for all others."""
        if self._reaches_back_to(after):
            return tuple(self._events)
        async with self._extending:
            if self._reaches_back_to(after):
                return tuple(self._events)
            if self._lost is not None and self._lost.epoch == after.epoch and after <= self._lost:
                raise EventsLost(f"the events since {self._lost} are too many, or no longer in the log")
            start = self._start
            try:
                earlier = await self._read(after, start)
            except EventsLost:
                self._lost = after
                raise
            if start is None or self._start != start:  # reset, or events were dropped in the meantime
                return await self._read(after, None)
            if len(earlier) + len(self._events) > MAX_STORED:
                return (*earlier, *self._events)
            self._events.extendleft(reversed(earlier))
            self._start = after
            return tuple(self._events)

    def _reaches_back_to(self, after: EventId) -> bool:
        return self._start is not None and self._start.epoch == after.epoch and self._start <= after

    async def _read(self, after: EventId, upto: EventId | None) -> list[Event]:
        """Return the events after `after` up to `upto`, or to the end of the log."""
        log, seen, found = EventLog(self._client), 0, list[Event]()
        while seen < MAX_EVENTS:
            try:
                page = await log.read(after, count=PAGE)
            except LogTruncated as error:
                raise EventsLost(str(error)) from error
            wanted = [event for event in page if upto is None or EventId.parse(event.id) <= upto]
            found += [event for event in wanted if concerns_user(event)]
            if not page or len(wanted) < len(page):  # only an empty page is the last: a page may be short
                return found
            after, seen = EventId.parse(page[-1].id), seen + len(page)
        raise EventsLost(f"more than {MAX_EVENTS} events since then")

"""One reader of the log per process, and any number of followers behind it.

A follower registers first and is replayed what it missed then, so that nothing falls between the two; what comes twice
is dropped by its id.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

from darkroom_redis.errors import RedisUnavailable
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId

from darkroom_queue.client import QueueClient
from darkroom_queue.errors import LogTruncated, SlowReader
from darkroom_queue.log.events import EventLog

BUFFER = 1000
OUTAGE_PAUSE_S = 0.2


class Reset:
    """The log no longer reaches back to where the follower was: it needs a snapshot, and goes on from now."""


RESET = Reset()
Followed = Event | Reset


class _Subscription:
    def __init__(self, topic: JobId | None) -> None:
        self.topic = topic
        self.queue: asyncio.Queue[Followed] = asyncio.Queue(BUFFER)
        self.overflowed = False

    def put(self, item: Followed) -> None:
        try:
            self.queue.put_nowait(item)
        except asyncio.QueueFull:
            self.overflowed = True

    async def get(self) -> Followed:
        if self.overflowed:
            raise SlowReader(f"a reader is more than {BUFFER} events behind")
        return await self.queue.get()


class EventFanout:
    """Reads one shard's log from its tail and hands each event to the followers of its job and of everything.

    `on_unreadable` is called for an entry that cannot be read, as by `EventLog`.
    """

    def __init__(self, client: QueueClient, *, on_unreadable: Callable[[], None] | None = None) -> None:
        self._client, self._on_unreadable = client, on_unreadable
        self._topics: dict[JobId | None, set[_Subscription]] = defaultdict(set)
        self._reading = asyncio.Event()

    async def run(self) -> None:
        """Read and hand out for ever, through outages."""
        log = EventLog(self._client, on_unreadable=self._on_unreadable)
        after: EventId | None = None
        while True:
            try:
                if after is None:
                    after = await log.tail()
                    # Only now: whoever takes a snapshot after a reset has it from before the next event.
                    self._tell_everybody(RESET)
                    self._reading.set()
                events = await log.read(after, block_ms=5000)
            except LogTruncated:
                after = None
                self._reading.clear()
                continue
            except RedisUnavailable:
                await asyncio.sleep(OUTAGE_PAUSE_S)
                continue
            for event in events:
                after = EventId.parse(event.id)
                for topic in (event.job_id, None):
                    for subscription in self._topics.get(topic, ()):
                        subscription.put(event)

    async def follow(self, *, since: EventId | None, job_id: JobId | None = None) -> AsyncIterator[Followed]:
        """Yield the events after `since` (None: from now on) of one job or of all, and then live ones, for ever.

        Yields `RESET` where events may be missing. Raises `SlowReader` when the consumer falls too far behind.
        """
        await self._reading.wait()  # before the reader has its place, an event could pass between replay and live
        subscription = _Subscription(job_id)
        self._topics[job_id].add(subscription)
        try:
            last = since
            try:
                for event in await self._replay(since, job_id):
                    last = EventId.parse(event.id)
                    yield event
            except LogTruncated:
                last = None
                yield RESET
            while True:
                item = await subscription.get()
                if isinstance(item, Reset):
                    last = None
                elif last is not None and EventId.parse(item.id) <= last:
                    continue
                else:
                    last = EventId.parse(item.id)
                yield item
        finally:
            self._topics[job_id].discard(subscription)
            if not self._topics[job_id]:
                del self._topics[job_id]

    async def _replay(self, since: EventId | None, job_id: JobId | None) -> list[Event]:
        if since is None:
            return []
        log = EventLog(self._client)
        if job_id is not None:
            return await log.read_job(job_id, since)
        events: list[Event] = []
        while page := await log.read(EventId.parse(events[-1].id) if events else since):
            events += page
        return events

    def _tell_everybody(self, item: Followed) -> None:
        for subscriptions in self._topics.values():
            for subscription in subscriptions:
                subscription.put(item)

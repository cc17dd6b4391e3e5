"""One reader of the log per process, and any number of listeners behind it.

A listener registers for a topic: the events of one job, of one tenant, or all. To resume, it registers first and then
replays what it missed, so that no event falls between the two; duplicates are dropped by their id.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from darkroom_redis.errors import RedisUnavailable
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import EventId, JobId, TenantId

from darkroom_queue.client import QueueClient
from darkroom_queue.errors import LogTruncated, SlowReader
from darkroom_queue.log.events import EventLog

BUFFER = 1000
BLOCK_MS = 5000
RECENT_MS = 30_000
"""Part of the log that may be read for the events of one job."""
Topic = Hashable
ALL: Topic = "all"


def of_job(job_id: JobId) -> Topic:
    """Return the topic of one job's events."""
    return "job", job_id


def of_tenant(tenant: TenantId) -> Topic:
    """Return the topic of one tenant's events."""
    return "tenant", tenant


class Listener(Protocol):
    """Receives the events of a topic, in order. Its methods return at once and never raise."""

    def offer(self, events: Sequence[Event]) -> None:
        """Take the next events, one or more; the sequence is shared by all listeners of the topic."""
        ...

    def reset(self, position: EventId) -> None:
        """Events may be missing: the listener needs a snapshot. The next event follows `position`."""
        ...


class Reset:
    """Events may be missing between this one and the previous item: the follower needs a snapshot."""


RESET = Reset()
Followed = Event | Reset
AtOnce = Callable[[Sequence[Event]], int]


class EventFanout:
    """Reads one shard's log from its tail and hands the events of each read to the listeners of their topics.

    `on_unreadable` is called for an entry that cannot be read, as by `EventLog`. `prepare` is awaited with the events
    of each read before listeners receive them; it must not raise.
    """

    def __init__(
        self,
        client: QueueClient,
        *,
        on_unreadable: Callable[[], None] | None = None,
        prepare: Callable[[Sequence[Event]], Awaitable[None]] | None = None,
    ) -> None:
        self._client, self._log = client, EventLog(client, on_unreadable=on_unreadable)
        self._prepare = prepare
        self._listeners: dict[Topic, set[Listener]] = defaultdict(set)
        self._position: EventId | None = None
        self._reading = asyncio.Event()

    async def run(self) -> None:
        """Read and dispatch until cancelled. Raises `RedisUnavailable`; a new run continues where this one ended."""
        while True:
            try:
                await self._read_on()
            except LogTruncated:
                self._position = None
                self._reading.clear()

    async def _read_on(self) -> None:
        if self._position is None:
            self._position = await self._log.tail()
            # Not before: a snapshot taken after this reset precedes the next event.
            for listener in self.listeners():
                listener.reset(self._position)
            self._reading.set()
        events = await _read_across(self._log, self._position, block_ms=BLOCK_MS)
        if self._prepare is not None:
            await self._prepare(events)
        by_topic: dict[Topic, list[Event]] = defaultdict(list)
        for event in events:
            self._position = EventId.parse(event.id)
            if event.type == EventType.LOG_RESET:
                self._hand_out(by_topic)
                by_topic.clear()
                for listener in self.listeners():
                    listener.reset(self._position)
                continue
            for topic in (of_job(event.job_id), of_tenant(event.tenant), ALL):
                if topic in self._listeners:
                    by_topic[topic].append(event)
        self._hand_out(by_topic)

    def _hand_out(self, by_topic: Mapping[Topic, Sequence[Event]]) -> None:
        for topic, events in by_topic.items():
            for listener in self._listeners[topic]:
                listener.offer(events)

    def listeners(self) -> Iterable[Listener]:
        """Return every listener."""
        return [listener for of_topic in self._listeners.values() for listener in of_topic]

    @asynccontextmanager
    async def listen(self, topic: Topic, listener: Listener, *, wait_s: float | None = None) -> AsyncIterator[EventId]:
        """Register a listener, which receives every event after the position that this yields.

        Waits until the log is being read; raises `RedisUnavailable` after `wait_s` seconds.
        """
        position = await self._known_position(wait_s)
        self._listeners[topic].add(listener)
        try:
            yield position
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]

    async def tail(self) -> EventId:
        """Return the position of the latest event that was handed out; waits until the log is being read."""
        return await self._known_position(None)

    async def _known_position(self, wait_s: float | None) -> EventId:
        try:
            async with asyncio.timeout(wait_s):
                while self._position is None:
                    await self._reading.wait()
                return self._position
        except TimeoutError:
            raise RedisUnavailable("the event log cannot be read yet") from None

    async def follow(self, *, since: EventId | None, job_id: JobId | None = None) -> AsyncIterator[Followed]:
        """Yield the events after `since` (None: from now on) of one job or of all, then live ones, until cancelled.

        Yields `RESET` where events may be missing. Raises `SlowReader` when the consumer falls too far behind.
        """
        async for page in self.follow_pages(since=since, job_id=job_id):
            for item in page:
                yield item

    async def follow_pages(
        self, *, since: EventId | None, job_id: JobId | None = None, at_once: AtOnce | None = None
    ) -> AsyncIterator[Sequence[Followed]]:
        """Yield what `follow` yields, as many items at a time as there are.

        While the consumer waits here, `at_once` is called with the live events. It returns how many of them, from the
        first, are done with; these are not yielded, which saves a switch of tasks. It must not raise.
        """
        last = since
        try:
            # A long replay comes before the registration, or live events would fill the buffer meanwhile.
            async for event in self._replay(last, await self._known_position(None), job_id):
                last = EventId.parse(event.id)
                yield (_followed(event),)
        except LogTruncated:
            pass  # raised again below
        follower = _Follower()
        async with self.listen(ALL if job_id is None else of_job(job_id), follower) as position:
            try:
                async for event in self._replay(last, position, job_id):
                    last = EventId.parse(event.id)
                    yield (_followed(event),)
            except LogTruncated:
                last = None
                yield (RESET,)
            while last is not None:  # the first live events may have been replayed
                live = [item for item in await follower.take() if not _is_seen(item, last)]
                if any(isinstance(item, Event) for item in live):  # those after it are new, but not those after a reset
                    last = None
                if live:
                    yield live
            follower.at_once = at_once
            while True:
                yield await follower.take()

    async def _replay(self, since: EventId | None, position: EventId, job_id: JobId | None) -> AsyncIterator[Event]:
        """Yield the events after `since` up to at least `position`, and the marks of new epochs among them.

        They are read page by page, so that memory does not grow with the log.
        """
        if since is None or (since.epoch == position.epoch and since >= position):
            return
        log = EventLog(self._client)
        if job_id is not None:
            try:
                events = await log.read_job(job_id, since)
            except LogTruncated:
                # A job without earlier events has no list that reaches back, but the log does.
                if since.epoch != position.epoch or position.ms - since.ms > RECENT_MS:
                    raise
            else:
                for event in events:
                    yield event
                return
        while page := await _read_across(log, since):
            for event in page:
                if job_id in {None, event.job_id} or event.type == EventType.LOG_RESET:
                    yield event
            since = EventId.parse(page[-1].id)
            if since >= position:
                return


async def _read_across(log: EventLog, after: EventId, *, block_ms: int = 0) -> list[Event]:
    """Read on after an event, also of an earlier epoch if the log still contains it; raises `LogTruncated`."""
    try:
        return await log.read(after, block_ms=block_ms)
    except LogTruncated:
        if not await log.contains(after):
            raise
        return await log.read(await log.rejoin(after), block_ms=block_ms)


def _followed(event: Event) -> Followed:
    """Return `RESET` for the mark of a new epoch: events of the one before may be lost."""
    return RESET if event.type == EventType.LOG_RESET else event


def _is_seen(item: Followed, last: EventId) -> bool:
    """Whether an event is not after the last one that was yielded."""
    return isinstance(item, Event) and EventId.parse(item.id) <= last


class _Follower:
    """Buffers events for a consumer of `follow`."""

    def __init__(self) -> None:
        self.at_once: AtOnce | None = None
        self._items: list[Followed] = []
        self._arrived = asyncio.Event()
        self._overflowed = self._is_waited_for = False

    def offer(self, events: Sequence[Event]) -> None:
        come_next = self._is_waited_for and not self._items
        done = self.at_once(events) if come_next and self.at_once is not None else 0
        for event in events[done:]:
            self._put(event)

    def reset(self, position: EventId) -> None:  # noqa: ARG002 - a follower's client asks for the snapshot itself
        self._put(RESET)

    def _put(self, item: Followed) -> None:
        if len(self._items) >= BUFFER:
            self._overflowed = True
        else:
            self._items.append(item)
            self._arrived.set()

    async def take(self) -> list[Followed]:
        """Wait for items and return all of them; raises `SlowReader`."""
        if self._overflowed:
            raise SlowReader(f"a reader is more than {BUFFER} events behind")
        self._is_waited_for = True
        try:
            await self._arrived.wait()
        finally:
            self._is_waited_for = False
        self._arrived.clear()
        items, self._items = self._items, []
        return items

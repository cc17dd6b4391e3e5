"""Live news of one job, from the process's one log reader to one slow or fast listener."""

import asyncio
from collections import deque
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, StepId

MAX_BUFFERED = 256


@dataclass(frozen=True, slots=True)
class Reset:
    """Some events may have been missed: only a snapshot helps. What follows `position` will be told."""

    position: EventId


@dataclass(frozen=True, slots=True)
class Closed:
    """No more will come: the listener was too slow, or the process is stopping. It may resume elsewhere."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing happened for a while."""


Signal = Event | ProgressMessage | Reset | Closed | Heartbeat


class Subscription:
    """A bounded buffer of events, and of each step the latest progress only. One reader."""

    def __init__(self) -> None:
        self._events: deque[Event | Reset] = deque()
        self._progress: dict[StepId, ProgressMessage] = {}
        self._closed = False
        self._news = asyncio.Event()

    def offer(self, signal: Event | Reset) -> None:
        """Add what happened; a listener that is too far behind is closed."""
        if len(self._events) >= MAX_BUFFERED:
            self.close()
            return
        self._events.append(signal)
        self._news.set()

    def offer_progress(self, message: ProgressMessage) -> None:
        """Replace the latest progress of a step."""
        self._progress[message.step_id] = message
        self._news.set()

    def close(self) -> None:
        """Let the listener end after what it has not yet read."""
        self._closed = True
        self._news.set()

    async def next(self, timeout_s: float) -> Signal:
        """Return the next signal, or `Heartbeat` after the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                while (signal := self._take()) is None:
                    self._news.clear()
                    await self._news.wait()
                return signal
        except TimeoutError:
            return Heartbeat()

    def _take(self) -> Signal | None:
        if self._events:
            return self._events.popleft()
        if self._closed:
            return Closed()
        if self._progress:
            return self._progress.pop(next(iter(self._progress)))
        return None


class JobSubscriptions(Protocol):
    """Gives live news."""

    def subscribe(self, job_id: JobId) -> AbstractAsyncContextManager[Subscription]:
        """Begin to buffer what happens to a job from now on."""
        ...


class Replay(Protocol):
    """Gives what happened to a job in the past."""

    async def read_job(self, job_id: JobId, after: EventId | None) -> list[Event]: ...

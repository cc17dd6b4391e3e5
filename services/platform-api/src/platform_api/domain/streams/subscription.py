"""The buffer between the log's one reader in a process and one event stream, whose client may be slow."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, StepId

MAX_BUFFERED = 256


@dataclass(frozen=True, slots=True)
class Reset:
    """Events may be missing: the stream needs a snapshot. The next event follows `position`."""

    position: EventId


@dataclass(frozen=True, slots=True)
class Closed:
    """No more signals follow: the client was too slow, or the process is stopping. It may resume at another replica."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing happened during the heartbeat interval."""


Signal = Event | ProgressMessage | Reset | Closed | Heartbeat


class Subscription:
    """A bounded buffer of the events that `concerns` accepts, and of the latest progress of each step. One reader."""

    def __init__(self, concerns: Callable[[Event], bool] = lambda _: True) -> None:
        self._concerns = concerns
        self._events: deque[Event | Reset] = deque()
        self._progress: dict[StepId, ProgressMessage] = {}
        self._closed = False
        self._changed = asyncio.Event()

    def offer(self, events: Sequence[Event]) -> None:
        """Add events. A subscription whose buffer is full is closed."""
        for event in filter(self._concerns, events):
            self._add(event)

    def reset(self, position: EventId) -> None:
        """Add a reset."""
        self._add(Reset(position))

    def offer_progress(self, message: ProgressMessage) -> None:
        """Replace the latest progress of a step."""
        self._progress[message.step_id] = message
        self._changed.set()

    def close(self) -> None:
        """End the stream after the signals that are buffered."""
        self._closed = True
        self._changed.set()

    async def next(self, timeout_s: float) -> Signal:
        """Return the next signal, or `Heartbeat` after the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                while (signal := self._take()) is None:
                    self._changed.clear()
                    await self._changed.wait()
                return signal
        except TimeoutError:
            return Heartbeat()

    def _add(self, signal: Event | Reset) -> None:
        if len(self._events) >= MAX_BUFFERED:
            self.close()
            return
        self._events.append(signal)
        self._changed.set()

    def _take(self) -> Signal | None:
        if self._events:
            return self._events.popleft()
        if self._closed:
            return Closed()
        if self._progress:
            return self._progress.pop(next(iter(self._progress)))
        return None


class JobSubscriptions(Protocol):
    """Subscriptions to what happens to one job."""

    def subscribe(self, job_id: JobId) -> AbstractAsyncContextManager[Subscription]:
        """Buffer what happens to a job from now on."""
        ...

"""Appends events to the log of a running stack at a steady rate, in a thread of its own."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from darkroom_local.state import RunningStack
from darkroom_queue import Producer, QueueClient
from darkroom_schemas.events import EventType
from support.emissions import asset_emission

PERIOD_S = 0.05


@dataclass
class Flow:
    """How many events were appended, and since when."""

    events: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        """Return the events a second so far."""
        return self.events / (time.monotonic() - self.began)


@contextmanager
def flowing(stack: RunningStack, per_second: int) -> Iterator[Flow]:
    """Append events until the context ends."""
    done, flow = Event(), Flow()
    thread = Thread(target=lambda: asyncio.run(_append(stack, per_second, flow, done)))
    thread.start()
    try:
        yield flow
    finally:
        done.set()
        thread.join()


async def _append(stack: RunningStack, per_second: int, flow: Flow, done: Event) -> None:
    link = await QueueClient.open(stack.operator_settings["REDIS_URL"])
    producer, first = Producer(link), time.time_ns()
    while not done.is_set():
        due = int((time.monotonic() - flow.began) * per_second) - flow.events
        numbers = range(first + flow.events, first + flow.events + due)
        await producer.emit([asset_emission(stack.user_id, number, EventType.ASSET_DELETED) for number in numbers])
        flow.events += len(numbers)
        await asyncio.sleep(PERIOD_S)
    await link.close()

"""Appends events to the log of a running stack at a steady rate, in a thread of its own."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from darkroom_local.state import RunningStack
from darkroom_queue import Producer, QueueClient
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import JobId, TenantId, new_uuid7

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
        await producer.emit([_emission(stack, first + flow.events + number) for number in range(max(0, due))])
        flow.events += max(0, due)
        await asyncio.sleep(PERIOD_S)
    await link.close()


def _emission(stack: RunningStack, outbox_id: int) -> Emission:
    return Emission(
        outbox_id=outbox_id,
        type=EventType.ASSET_DELETED,
        job_id=JobId(new_uuid7()),
        tenant=TenantId(stack.user_id),
        data={"asset_id": new_uuid7(), "mime_type": "image/png"},
    )

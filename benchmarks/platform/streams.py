"""A thousand readers of event streams on one process: how late an event reaches them."""

import asyncio
import json
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import httpx
from darkroom_queue import EventLog, Producer, QueueClient
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import JobId, TenantId
from load import BODY
from stage import Stage

READERS = 1_000
TICK_S = 0.01
"""Interval at which events are appended for some of the readers, as the relay appends what has accumulated."""
OUTBOX_IDS = 10**15
"""From here on: the ids of events made here, beyond all that the outbox gives."""


@dataclass(slots=True)
class Streams:
    """Milliseconds from the moment an event was handed to Redis until a reader had it, of all events of all readers."""

    readers: int
    seconds: int
    delays_ms: list[float] = field(default_factory=list)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, delay_ms: float) -> None:
        """Add what one reader saw of one event."""
        self.delays_ms.append(delay_ms)
        if len(self.delays_ms) == self.readers * self.seconds:
            self.complete.set()

    def at(self, share: float) -> float:
        ordered = sorted(self.delays_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Reader:
    """One raw socket; finds the time of sending in each event that it reads."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self.open = asyncio.Event()

    async def read(self, stage: Stage, job_id: str) -> None:
        host, _, port = stage.platform.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=2**20)
        path = f"/api/jobs/{job_id}/stream"
        lines = (f"GET {path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {stage.token}", "", "")
        writer.write("\r\n".join(lines).encode())
        try:
            async for line in reader:
                if line.startswith(b"event: job_update"):
                    self.open.set()
                elif (at := line.find(b'"sent ')) >= 0:
                    sent = float(line[at + 6 : line.index(b'"', at + 6)])
                    self._streams.note((perf_counter() - sent) * 1000)
        finally:
            writer.close()


def allow_sockets() -> None:
    """Let this process and those that it starts have a socket for each reader."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def measure(stage: Stage, seconds: int, tell: Callable[[str], None]) -> Streams:
    """Open the streams of one job each, and tell each of them one event a second, evenly spread."""
    streams = Streams(READERS, seconds)
    tell(f"opening {READERS:,} streams")
    jobs = await _new_jobs(stage)
    readers = [_Reader(streams) for _ in jobs]
    tasks = [asyncio.create_task(reader.read(stage, job)) for reader, job in zip(readers, jobs, strict=True)]
    async with asyncio.timeout(60):
        for reader in readers:
            await reader.open.wait()
    tell(f"telling {READERS:,} readers something each second")
    link = await QueueClient.open(stage.redis_url)
    await _tell_evenly(link, stage, jobs, seconds)
    async with asyncio.timeout(30):
        await streams.complete.wait()
    await link.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return streams


async def _new_jobs(stage: Stage) -> list[str]:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {stage.token}"}, timeout=30) as http:
        answers = [await http.post(f"{stage.platform}/api/queue-job", json=json.loads(BODY)) for _ in range(READERS)]
    return [answer.raise_for_status().json()["job"]["id"] for answer in answers]


async def _tell_evenly(link: QueueClient, stage: Stage, jobs: list[str], seconds: int) -> None:
    """Append events to the log by the script that the relay uses, each a further line of its job's history."""
    producer, log = Producer(link), EventLog(link)
    known = [(await log.read_job(JobId(job), None))[-1].data for job in jobs]
    loop = asyncio.get_running_loop()
    began, sent = loop.time(), 0
    while sent < READERS * seconds:
        due = min(READERS * seconds, int((loop.time() - began) * READERS))
        emissions = [
            Emission(
                outbox_id=OUTBOX_IDS + number, type=EventType.JOB_UPDATED, job_id=JobId(jobs[number % READERS]),
                tenant=TenantId(stage.user_id), data=_next_line(known[number % READERS]),
            )
            for number in range(sent, due)
        ]  # fmt: skip
        if emissions:
            await producer.emit(emissions)
        sent = due
        await asyncio.sleep(TICK_S)


def _next_line(known: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    entry = known["history"]
    entry["seq"] += 1
    return {**known, "history": {**entry, "message": f"sent {perf_counter()}"}}

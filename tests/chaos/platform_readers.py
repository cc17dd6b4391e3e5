"""Readers of event streams: cut off, they come back by Last-Event-ID, and they record all that they receive."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx_sse import ServerSentEvent, SSEError, aconnect_sse
from support.received import ReceivedJob, ReceivedJobs

RECONNECT_S = 0.1


@dataclass
class Reader(ABC):
    """Connects, reads, and connects again until stopped."""

    client: httpx.AsyncClient
    replica: Callable[[], str]
    last_id: str | None = None
    faults: list[str] = field(default_factory=list)

    @property
    @abstractmethod
    def path(self) -> str:
        """Where the stream is."""

    @abstractmethod
    def hear(self, event: ServerSentEvent) -> None:
        """Record what was received."""

    @abstractmethod
    async def at_the_end(self) -> None:
        """Wait until there may be more to read."""

    async def follow(self) -> None:
        """Read until cancelled, through all faults."""
        while True:
            headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
            with suppress(httpx.TransportError, SSEError):
                async with aconnect_sse(self.client, "GET", self.replica() + self.path, headers=headers) as source:
                    status = source.response.status_code
                    if status == 200:
                        async for event in source.aiter_sse():
                            self.hear(event)
                            self.last_id = event.id or self.last_id
                    elif status == 204:
                        await self.at_the_end()
                    elif status != 503:
                        self.faults.append(f"{self.path} answered {status}")
            await asyncio.sleep(RECONNECT_S)  # as a browser does


@dataclass
class JobReader(Reader):
    """Follows one job. At the end of a run it waits for the notice of another one."""

    job_id: str = ""
    received: ReceivedJob = field(default_factory=ReceivedJob)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    again: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def path(self) -> str:
        return f"/api/jobs/{self.job_id}/stream"

    def hear(self, event: ServerSentEvent) -> None:
        match event.event:
            case "history_init":
                self.received.begin([_entry(line) for line in event.json()], resumes=self.last_id is not None)
            case "reset":
                self.received.reset([_entry(line) for line in event.json()["history"]])
            case "job_history":
                self.received.add(_entry(event.json()))

    async def at_the_end(self) -> None:
        self.ended.set()
        await self.again.wait()
        self.again.clear()

    def come_back(self) -> None:
        """Read on: the job was retried, or this is the last look."""
        self.ended.clear()
        self.again.set()


@dataclass
class UserReader(Reader):
    """Follows all jobs of one user."""

    received: ReceivedJobs = field(default_factory=ReceivedJobs)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    path = "/api/events"

    def hear(self, event: ServerSentEvent) -> None:
        match event.event:
            case "snapshot":
                self.received.begin(_jobs(event), resumes=self.last_id is not None)
                self.ready.set()
            case "reset":
                self.received.reset(_jobs(event))
            case "job_history":
                line = event.json()
                self.received.add(str(line["job_id"]), _entry(line))

    async def at_the_end(self) -> None:
        self.faults.append("a stream without an end came to it")


def _entry(line: dict[str, Any]) -> tuple[int, str]:
    return int(line["seq"]), str(line["event"])


def _jobs(event: ServerSentEvent) -> dict[str, str]:
    return {job["id"]: str(job["updated_at"]) for job in event.json()["jobs"]}


async def seen_to_the_end(reader: JobReader) -> None:
    """Look once more at a job that has ended, until there is nothing more to read."""
    reader.come_back()
    await reader.ended.wait()

"""What the harness and the programs of the peers say to each other: one JSON object a line, over stdin and stdout.

The harness starts `client` or `worker` programs, one process each. A client carries out the order of a line and answers
with a line. A worker runs jobs, does what a job's `do` says, and reports it. Needs nothing but the standard library,
since each peer's program runs in an environment of its own.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

Payload = dict[str, Any]
ONE, FLIGHT, BULK = "one", "flight", "bulk"
IN_FLIGHT, BULK_SIZE = 50, 500
"""Ways to enqueue: one after the other, with 50 calls in flight, by the peer's batch call (500 jobs a call)."""


class AsyncPeer(Protocol):
    """A peer with an asyncio client. `bulk` is None if it has no batch call."""

    bulk: Callable[[Sequence[Payload]], Awaitable[object]] | None

    async def open(self, url: str) -> None: ...

    async def enqueue(self, payload: Payload) -> object: ...

    async def work(self, url: str, concurrency: int, report: "Report", lease_s: float | None) -> None: ...


class SyncPeer(Protocol):
    """A peer with a blocking client."""

    bulk: Callable[[Sequence[Payload]], object] | None

    def open(self, url: str) -> None: ...

    def enqueue(self, payload: Payload) -> object: ...

    def work(self, url: str, concurrency: int, report: "Report", lease_s: float | None) -> None: ...


def say(**fields: Any) -> None:
    """Write one line to the harness."""
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def hear() -> dict[str, Any] | None:
    """Read one line from the harness; None at its end."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None


class Report:
    """Counts the jobs that ran, and reports how long the last nine tenths of `expected` took; the first warm it up."""

    def __init__(self, expected: int) -> None:
        self._expected, self._warm, self._count = expected, expected // 10, 0
        self._lock = threading.Lock()
        self._began = (0.0, 0.0)

    def start(self, payload: Payload) -> bool:
        """Note that a job runs; True if it has to go on until it is stopped."""
        match payload["do"]:
            case "count":
                self._tick()
            case "stamp":
                say(latency_s=time.monotonic() - payload["sent"])
            case "hang":
                say(hanging=payload["n"], at=time.monotonic())
                return True
        return False

    async def run(self, payload: Payload) -> None:
        """Do what a job says, in an asyncio worker."""
        if self.start(payload):
            await asyncio.Event().wait()

    def run_blocking(self, payload: Payload) -> None:
        """Do what a job says, in a worker thread."""
        if self.start(payload):
            threading.Event().wait()

    def _tick(self) -> None:
        with self._lock:
            self._count += 1
            if self._count == self._warm:
                self._began = (time.monotonic(), time.process_time())
            if self._count == self._expected:
                wall, cpu = self._began
                n = self._expected - self._warm
                say(n=n, wall_s=time.monotonic() - wall, cpu_s=time.process_time() - cpu)


def payloads(order: dict[str, Any]) -> list[Payload]:
    """Make the payloads that an order of the harness describes."""
    pad = "x" * order.get("pad", 100)
    return [{"do": order["job"], "n": n, "pad": pad} for n in range(order["n"])]

"""The programs of the peers as processes: starts them, gives them orders, hears what they say."""

import asyncio
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from protocol import ONE

HERE = Path(__file__).parent
BENCH = HERE.parents[1] / ".bench"
ANSWER_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class PeerSpec:
    """A peer: its program, how many jobs a round takes (slow ones fewer), and the concurrencies to try."""

    name: str
    command: tuple[str, ...]
    jobs: int
    concurrencies: tuple[int, ...]
    python: bool = True


def _python(environment: str, module: str) -> tuple[str, ...]:
    return (str(BENCH / environment / "bin" / "python"), str(HERE / "program.py"), module)


OURS = PeerSpec(
    "darkroom", (str(HERE.parents[1] / ".venv/bin/python"), str(HERE / "program.py"), "darkroom"), 20_000, (200, 1000)
)
BULLMQ = PeerSpec("BullMQ", ("node", str(HERE / "peers" / "bullmq.mjs")), 10_000, (50, 200), python=False)
PEERS = (
    OURS,
    BULLMQ,
    PeerSpec("streaq", _python("peers", "streaq"), 2_000, (32, 100)),
    PeerSpec("arq", _python("peers-arq", "arq"), 2_000, (50, 200)),
    PeerSpec("SAQ", _python("peers", "saq"), 3_000, (20, 100)),
    PeerSpec("taskiq-redis", _python("peers", "taskiq"), 4_000, (100, 400)),
    PeerSpec("Dramatiq", _python("peers", "dramatiq"), 1_200, (4, 8)),
    PeerSpec("RQ", _python("peers", "rq"), 400, (1, 1)),
    PeerSpec("Celery", _python("peers", "celery"), 800, (1, 10)),
)


class Program:
    """A running program of a peer; a context manager that kills it and its children at the end."""

    def __init__(self, peer: PeerSpec, *arguments: str) -> None:
        self._peer, self._arguments = peer, arguments
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        environment = os.environ | {"PEER_MODULES": str(BENCH / "node"), "PYTHONWARNINGS": "ignore"}
        self._process = await asyncio.create_subprocess_exec(
            *self._peer.command, *self._arguments, env=environment, start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    async def kill(self) -> None:
        """End it with SIGKILL, with all it started."""
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def say(self, **order: Any) -> None:
        """Give an order."""
        assert self._process is not None and self._process.stdin is not None  # noqa: S101, PT018 - entered
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()

    async def hear(self, *, limit_s: float = ANSWER_LIMIT_S) -> dict[str, Any]:
        """Wait for the next thing it says; what libraries print in between is passed over."""
        assert self._process is not None and self._process.stdout is not None  # noqa: S101, PT018 - entered
        async with asyncio.timeout(limit_s):
            while line := await self._process.stdout.readline():
                if line.startswith(b"{"):
                    said: dict[str, Any] = json.loads(line)
                    return said
        raise ChildProcessError(f"{self._peer.name} {' '.join(self._arguments)} ended")

    async def ask(self, **order: Any) -> dict[str, Any]:
        """Give an order and wait for the answer."""
        await self.say(**order)
        return await self.hear()


def worker(
    peer: PeerSpec, url: str, *, concurrency: int = 10, expected: int = 0, lease_s: float | None = None
) -> Program:
    """Make a worker of the peer."""
    times = () if lease_s is None else ("--lease-s", str(lease_s))
    return Program(peer, "worker", url, "--concurrency", str(concurrency), "--expected", str(expected), *times)


class Client(Program):
    """A client of the peer, ready when entered."""

    def __init__(self, peer: PeerSpec, url: str) -> None:
        super().__init__(peer, "client", url)
        self.has_bulk = False

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.has_bulk = bool((await self.hear())["bulk"])
        return self

    async def enqueue(self, n: int, *, way: str = ONE, job: str = "count", **more: Any) -> dict[str, Any]:
        """Enqueue `n` jobs and tell what it cost."""
        return await self.ask(way=way, n=n, job=job, **more)

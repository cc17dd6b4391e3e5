"""The servers that are compared, each with its way to publish: queue-api, Node's `ws`, and socket.io."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil
from clients import Crowd, connect
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready
from darkroom_queue import Producer, QueueClient
from darkroom_schemas.ids import JobId, StepId, TenantId, new_uuid7
from darkroom_schemas.step import StepSubmit
from darkroom_schemas.worker import Requirements

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / ".bench" / "sockets"
TOKEN = "a-token-of-the-benchmark"  # noqa: S105 - guards nothing
CHANNEL = "bench"


class Contender(ABC):
    """A running server."""

    name: str

    def __init__(self, client: QueueClient, process: psutil.Process, port: int) -> None:
        self.client, self.process, self.port = client, process, port

    def cpu_s(self) -> float:
        """Return its processor time so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Return its resident memory in bytes."""
        return int(self.process.memory_info().rss)

    @abstractmethod
    async def join(self, crowd: Crowd, number: int, *, at_once: int = 100) -> None:
        """Connect so many clients."""

    @abstractmethod
    async def publish(self, events: int) -> None:
        """Publish so many events, which every client receives as one frame each."""


class QueueApi(Contender):
    """Events of submitted steps, through the log."""

    name = "queue-api"

    async def join(self, crowd: Crowd, number: int, *, at_once: int = 100) -> None:
        await connect(crowd, number, self.port, "/ws", token=TOKEN, at_once=at_once)

    async def publish(self, events: int) -> None:
        await Producer(self.client).submit_many([_step() for _ in range(events)])


class _Published(Contender):
    """Messages as long as queue-api's, through a Redis channel."""

    async def publish(self, events: int) -> None:
        pipe = self.client.redis_py.pipeline(transaction=False)
        for _ in range(events):
            pipe.publish(CHANNEL, _message())
        await pipe.execute()


class Ws(_Published):
    name = "ws"

    async def join(self, crowd: Crowd, number: int, *, at_once: int = 100) -> None:
        await connect(crowd, number, self.port, "/", at_once=at_once)


class SocketIo(_Published):
    name = "socket.io"

    async def join(self, crowd: Crowd, number: int, *, at_once: int = 100) -> None:
        path = "/socket.io/?EIO=4&transport=websocket"
        await connect(crowd, number, self.port, path, first=b"40", at_once=at_once)


CONTENDERS: Sequence[type[Contender]] = (QueueApi, Ws, SocketIo)
_PROGRAMS: Mapping[type[Contender], str] = {Ws: "ws.mjs", SocketIo: "socketio.mjs"}


def _step() -> StepSubmit:
    job_id = JobId(new_uuid7())
    return StepSubmit(
        id=StepId(f"{job_id}:1:00"), job_id=job_id, tenant=TenantId("bench"), created_us=1,
        requirements=Requirements(type="simulation"), payload={"sent": perf_counter()},
    )  # fmt: skip


def _message() -> str:
    """Return a message of the length of queue-api's."""
    job_id = new_uuid7()
    message: dict[str, Any] = {
        "timestamp": 1795843913931, "job_id": f"{job_id}:1:00", "workflow_id": job_id, "type": "job_submitted",
        "job_data": {"id": f"{job_id}:1:00", "job_type": "simulation", "status": "pending", "priority": 50,
                     "payload": {"sent": perf_counter()}, "workflow_id": job_id, "filler": "x" * 330},
        "event_id": "0-1795843913931-1795843917899-1",
    }  # fmt: skip
    return json.dumps(message, separators=(",", ":"))


@asynccontextmanager
async def serving(kind: type[Contender], redis_url: str, folder: Path) -> AsyncIterator[Contender]:
    """Run one server, with a client of the same Redis."""
    [port] = free_ports(1)
    env = {**os.environ, "REDIS_URL": redis_url, "AUTH_TOKEN": TOKEN, "QUEUE_API_PORT": str(port),
           "WS_CONNECTIONS_PER_CLIENT": "100000", "QUEUE_MAX_DEPTH": "0", "HTTP_CONNECTIONS": "20000"}  # fmt: skip
    if kind is QueueApi:
        argv: tuple[str, ...] = (sys.executable, "-m", "queue_api")
        ready = http_ready(port)
    else:
        program = INSTALLED / _PROGRAMS[kind]
        program.write_text((HERE / "peers" / _PROGRAMS[kind]).read_text())  # modules are found beside the program
        argv = ("node", str(program), str(port), redis_url, CHANNEL)
        ready = _listens(port)
    spec = ProcessSpec(name=kind.name, argv=argv, ready=ready, env=env, cwd=folder)
    client = await QueueClient.open(redis_url)
    try:
        with running(spec, folder / f"{kind.name}.log") as process:
            yield kind(client, _innermost(process), port)
    finally:
        await client.close()


def _listens(port: int) -> Callable[[int], bool]:
    def ready(_pid: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return ready


def _innermost(process: subprocess.Popen[bytes]) -> psutil.Process:
    """Return the server itself, which may be the child of a guard."""
    family = psutil.Process(process.pid)
    children = family.children(recursive=True)
    return children[-1] if children else family


async def settle(seconds: float = 0.5) -> None:
    """Let the server finish what it does after connections were opened."""
    await asyncio.sleep(seconds)

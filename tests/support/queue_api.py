"""queue-api processes for tests, and the workers and jobs that they see."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from darkroom_queue import Consumer, Handler, QueueClient, StepContext, StepFailed
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import WorkerId
from darkroom_schemas.step import StepError, StepResult
from darkroom_schemas.worker import Capabilities, WorkerInfo

from support.services import RunningService, running_service
from support.waiting import until

TOKEN = "operator-token-for-tests"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@contextmanager
def queue_api(redis_url: str, folder: Path, **settings: str) -> Iterator[RunningService]:
    """Run one process of queue-api while the context is open."""
    folder.mkdir(exist_ok=True)
    env = {"REDIS_URL": redis_url, "AUTH_TOKEN": TOKEN, **settings}
    with running_service("queue_api", "QUEUE_API_PORT", env, folder) as service:
        yield service


SIMULATION: dict[str, Any] = {"job_type": "simulation", "payload": {"duration_s": 0}, "max_attempts": 1}
BROKEN = StepError(code=StepErrorCode.BACKEND, message="broken pipe")


async def complete(_: StepContext) -> StepResult:
    """Complete every step."""
    return StepResult(text="done")


async def fail(_: StepContext) -> StepResult:
    """Fail every step."""
    raise StepFailed(BROKEN)


@asynccontextmanager
async def working(
    redis_url: str, handler: Handler, backends: tuple[str, ...] = (), worker_id: str = "w-1"
) -> AsyncIterator[Consumer]:
    """Run a worker of simulations while the context is open."""
    client = await QueueClient.open(redis_url)
    info = WorkerInfo(
        worker_id=WorkerId(worker_id),
        incarnation="i-1",
        machine_id="m-1",
        capabilities=Capabilities(types=("simulation",), models=("sdxl.safetensors",), vram_gb=24, backends=backends),
        concurrency=4,
        version="test",
        gpu="Test GPU",
    )
    consumer = Consumer(client, info, handler)
    running = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        consumer.drain(grace_s=0)
        await running
        await client.close()


async def submit(api: httpx.AsyncClient, **changes: Any) -> str:
    """Submit a simulation and return its id."""
    answer = await api.post("/api/jobs", json=SIMULATION | changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["job_id"])


async def ended(api: httpx.AsyncClient, job_id: str, status: str) -> None:
    """Wait until a job has a status."""

    async def has() -> bool:
        return bool((await api.get(f"/api/jobs/{job_id}")).json()["status"] == status)

    await until(has)

"""The worker as a process, and the other side of its queue."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import psutil
from darkroom_local.servers.ports import free_ports
from darkroom_queue import Producer, QueueClient
from darkroom_schemas.ids import JobId, TenantId, step_id
from darkroom_schemas.status import TERMINAL
from darkroom_schemas.step import Redelivery, StepSubmit, StepView
from darkroom_schemas.worker import Requirements
from pydantic import BaseModel

from support.waiting import until

READY_S, DONE_S = 180.0, 120.0


@dataclass
class Worker:
    """A running worker process."""

    process: asyncio.subprocess.Process
    url: str

    async def is_ready(self) -> bool:
        assert self.process.returncode is None, "the worker ended before it was ready"
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient() as http:
                return (await http.get(f"{self.url}/readyz")).status_code == 200
        return False

    async def models(self) -> dict[str, str]:
        """Return what `/readyz` says of each model."""
        async with httpx.AsyncClient() as http:
            body = (await http.get(f"{self.url}/readyz")).json()
        return dict(body["models"])

    async def completed_attempts(self) -> int:
        async with httpx.AsyncClient() as http:
            lines = (await http.get(f"{self.url}/metrics")).text.splitlines()
        counts = [line for line in lines if line.startswith("darkroom_worker_steps_total") and '"completed"' in line]
        return sum(int(float(line.rpartition(" ")[2])) for line in counts)

    def child_pid(self) -> int | None:
        return next((child.pid for child in psutil.Process(self.process.pid).children()), None)


@dataclass
class Queue:
    """The other side of the queue."""

    link: QueueClient
    producer: Producer

    async def submit(
        self,
        job: str,
        job_type: str,
        payload: dict[str, Any] | BaseModel,
        redelivery: Redelivery = Redelivery.RERUN,
        **requirements: Any,
    ) -> StepSubmit:
        step = StepSubmit(
            id=step_id(JobId(job), 1, 0),
            job_id=JobId(job),
            tenant=TenantId("tenant"),
            requirements=Requirements(type=job_type, **requirements),
            payload=payload if isinstance(payload, dict) else payload.model_dump(mode="json"),
            created_us=time.time_ns() // 1000,
            redelivery=redelivery,
        )
        await self.producer.submit(step)
        return step

    async def view(self, step: StepSubmit) -> StepView:
        view = await self.producer.read(step.id)
        assert view is not None
        return view

    async def when(self, step: StepSubmit, question: Callable[[StepView], bool]) -> StepView:
        async def ask() -> StepView | None:
            view = await self.view(step)
            return view if question(view) else None

        view = await until(ask, DONE_S)
        assert view is not None
        return view

    async def end_of(self, step: StepSubmit) -> StepView:
        return await self.when(step, lambda view: view.status in TERMINAL)


class StartWorker(Protocol):
    """Starts a worker, with changes of its environment by keyword."""

    async def __call__(self, **settings: str) -> Worker: ...


@asynccontextmanager
async def worker_processes(environment: Mapping[str, str]) -> AsyncIterator[StartWorker]:
    """Start workers with an environment; they end with the context."""
    started: list[asyncio.subprocess.Process] = []

    async def start(**settings: str) -> Worker:
        port = free_ports(1)[0]
        fixed = {"GPU_WORKER_PORT": str(port), "OMP_NUM_THREADS": "1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gpu_worker", env={**os.environ, **fixed, **environment, **settings}
        )
        started.append(process)
        worker = Worker(process, f"http://127.0.0.1:{port}")
        await until(worker.is_ready, READY_S)
        return worker

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def queue_at(redis_url: str) -> AsyncIterator[Queue]:
    """Connect to the queue."""
    link = await QueueClient.open(redis_url)
    yield Queue(link, Producer(link))
    await link.close()

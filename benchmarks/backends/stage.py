"""A worker process with ComfyUI back ends, and the queue in front of it."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from darkroom_queue import Registry
from darkroom_schemas.status import TERMINAL, JobStatus
from support.worker_process import Queue, Worker, queue_at, worker_processes

_LOOK_S = 0.004


@dataclass
class Stage:
    """The queue, and the worker that takes from it."""

    queue: Queue
    worker: Worker
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def run(self, graph: dict[str, Any]) -> float:
        """Run a job and return the seconds from its submission to the end, when its picture is stored."""
        started = time.perf_counter()
        job = f"bench-{time.time_ns()}-{next(self._numbers)}"
        step = await self.queue.submit(job, "comfyui", {"bucket": "b", "max_bytes": 20_000_000, "workflow": graph})
        while (view := await self.queue.view(step)).status not in TERMINAL:  # noqa: ASYNC110 - another process
            await asyncio.sleep(_LOOK_S)
        if view.status is not JobStatus.COMPLETED:
            raise RuntimeError(f"the job ended as {view.status}: {view.error}")
        return time.perf_counter() - started

    async def backends(self) -> set[str]:
        """Return the back ends in the registry."""
        workers = await Registry(self.queue.link).workers()
        return {name for one in workers for name in one.info.capabilities.backends}


@asynccontextmanager
async def worker(redis_url: str, folder: Path, *urls: str, **settings: str) -> AsyncIterator[Stage]:
    """Start a worker of the back ends at `urls`."""
    environment = {
        "REDIS_URL": redis_url,
        "OBJECT_STORE_URL": (folder / "objects").as_uri(),
        "GPU_WORKER_SPOOL_DIR": str(folder / "spool"),
        "GPU_WORKER_CONNECTORS": "none",
        "GPU_WORKER_BACKENDS": ",".join(f"comfyui={url}" for url in urls),
        "LOG_LEVEL": "ERROR",
    }
    async with queue_at(redis_url) as queue, worker_processes(environment | settings) as start:
        yield Stage(queue, await start())

"""What a worker of many back ends costs while nothing happens, and how fast it notices a server that dies."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml
from stage import Stage, worker
from support.comfyui import RealComfyUI

BACKENDS = 8
_SETTLE_S, _IDLE_S = 5.0, 30.0
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Many:
    """The cost of a worker with eight back ends: bytes of memory, and the share of a core."""

    memory_bytes: int
    core: float


@dataclass(frozen=True, slots=True)
class Lost:
    """Seconds from the death of a server until it is out of the registry, and from its answer until it is back."""

    out_s: float
    back_s: float


async def many(server: RealComfyUI, redis_url: str, folder: Path) -> Many:
    """Measure an idle worker whose eight back ends are one server under eight names."""
    listed = {"backends": [{"id": f"comfyui-{i}", "type": "comfyui", "url": server.url} for i in range(BACKENDS)]}
    file = folder / "back-ends.yaml"
    file.write_text(yaml.safe_dump(listed))
    async with worker(redis_url, folder, GPU_WORKER_BACKENDS_FILE=str(file)) as stage:
        await asyncio.sleep(_SETTLE_S)
        process = psutil.Process(stage.worker.process.pid)
        before = process.cpu_times()
        await asyncio.sleep(_IDLE_S)
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        return Many(process.memory_info().rss, used / _IDLE_S)


async def lost(server: RealComfyUI, redis_url: str, folder: Path) -> Lost:
    """Kill the server and start it again."""
    async with worker(redis_url, folder, server.url) as stage:
        name = f"127.0.0.1_{server.port}"
        await server.kill()
        out_s = await _until(stage, name, is_there=False)
        await server.start()
        return Lost(out_s, await _until(stage, name, is_there=True))


async def _until(stage: Stage, name: str, *, is_there: bool) -> float:
    started = time.perf_counter()
    while (name in await stage.backends()) != is_there:  # noqa: ASYNC110 - another process
        await asyncio.sleep(_LOOK_S)
    return time.perf_counter() - started

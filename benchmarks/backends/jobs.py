"""One job after another, in turns: straight to ComfyUI, and through the queue and a worker."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from stage import Stage, worker
from support.comfyui import RealComfyUI, plain_graph, sampling_graph

Graph = Callable[[int], dict[str, Any]]
_LOOK_S = 0.004
_TARGET_S = 1.0


@dataclass(frozen=True, slots=True)
class Kind:
    """Jobs of one kind: seconds of each, straight to the server and through Darkroom."""

    name: str
    straight: Sequence[float]
    through: Sequence[float]

    @property
    def overhead_s(self) -> float:
        """Return the difference of the medians in seconds."""
        return median(self.through) - median(self.straight)


async def measure(server: RealComfyUI, redis_url: str, folder: Path, rounds: int) -> list[Kind]:
    """Run jobs without a model, and jobs of about a second."""
    async with worker(redis_url, folder, server.url) as stage, httpx.AsyncClient(base_url=server.url) as http:
        steps = await _steps_of_a_second(http)
        return [
            await _kind("without a model", plain_graph, stage, http, rounds),
            await _kind(f"{steps} sampler steps", lambda n: sampling_graph(steps=steps, seed=n), stage, http, rounds),
        ]


async def _kind(name: str, graph: Graph, stage: Stage, http: httpx.AsyncClient, rounds: int) -> Kind:
    straight: list[float] = []
    through: list[float] = []
    for number in range(rounds + 1):
        straight.append(await _straight(http, graph(2 * number)))
        through.append(await stage.run(graph(2 * number + 1)))
    return Kind(name, straight[1:], through[1:])  # the first of each warms up


async def _straight(http: httpx.AsyncClient, graph: dict[str, Any]) -> float:
    """Post a prompt, wait for its end, and download its picture; return the seconds."""
    started = time.perf_counter()
    prompt = (await http.post("/prompt", json={"prompt": graph})).raise_for_status().json()["prompt_id"]
    while not (history := (await http.get(f"/history/{prompt}")).json()):  # noqa: ASYNC110 - another process
        await asyncio.sleep(_LOOK_S)
    [picture] = history[prompt]["outputs"]["9"]["images"]
    (await http.get("/view", params=picture)).raise_for_status()
    return time.perf_counter() - started


async def _steps_of_a_second(http: httpx.AsyncClient) -> int:
    """Return the number of sampler steps that take about a second on this machine."""
    few, more = 4, 24
    await _straight(http, sampling_graph(steps=few, seed=10_001))
    times = [await _straight(http, sampling_graph(steps=steps, seed=10_002)) for steps in (few, more)]
    of_a_step = max((times[1] - times[0]) / (more - few), 0.001)
    return max(1, round((_TARGET_S - times[0]) / of_a_step) + few)

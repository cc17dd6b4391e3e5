"""Worker processes before two real ComfyUI servers: killed workers, killed and frozen servers."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from darkroom_queue import Registry
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepSubmit
from support.comfyui import CHECKPOINT, RealComfyUI, plain_graph, sampling_graph
from support.waiting import until
from support.worker_process import Queue, StartWorker, queue_at, worker_processes

START_S = 120.0
OUT_S, BACK_S = 15.0, 5.0
"""Within these times a dead back end is out of the registry, and back once it answers."""


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[Queue]:
    async with queue_at(redis_url) as opened:
        yield opened


@pytest.fixture
async def start_worker(redis_url: str, tmp_path: Path) -> AsyncIterator[StartWorker]:
    environment = {
        "REDIS_URL": redis_url,
        "OBJECT_STORE_URL": (tmp_path / "objects").as_uri(),
        "GPU_WORKER_SPOOL_DIR": str(tmp_path / "spool"),
        "GPU_WORKER_CONNECTORS": "none",
        "GPU_WORKER_LEASE_S": "3",
    }
    async with worker_processes(environment) as start:
        yield start


def payload(graph: dict[str, Any]) -> dict[str, Any]:
    return {"bucket": "comfyui", "max_bytes": 20_000_000, "workflow": graph}


def served(*servers: RealComfyUI) -> str:
    return ",".join(f"comfyui={server.url}" for server in servers)


def name(server: RealComfyUI) -> str:
    return f"127.0.0.1_{server.port}"


async def sampling(queue: Queue, step: StepSubmit) -> None:
    """Wait until the step is being sampled; progress of a few percent is behind the other nodes."""
    await queue.when(step, lambda view: view.status is JobStatus.RUNNING and (view.progress or 0) > 2)


async def registered(queue: Queue) -> set[str]:
    workers = await Registry(queue.link).workers()
    return {backend for worker in workers for backend in worker.info.capabilities.backends}


async def test_a_killed_worker_costs_no_second_run_of_the_prompt(
    start_worker: StartWorker, queue: Queue, comfyui: RealComfyUI
) -> None:
    before = comfyui.runs()
    first = await start_worker(GPU_WORKER_BACKENDS=served(comfyui))
    step = await queue.submit("adopted", "comfyui", payload(sampling_graph(steps=150, seed=11)))
    await sampling(queue, step)
    first.process.kill()
    await start_worker(GPU_WORKER_BACKENDS=served(comfyui))
    done = await queue.end_of(step)
    assert done.status is JobStatus.COMPLETED
    assert done.result is not None
    assert len(done.result.outputs) == 1
    assert comfyui.runs() == before + 1


async def test_the_step_of_a_killed_server_waits_for_it_without_losing_an_attempt(
    start_worker: StartWorker, queue: Queue, victim: RealComfyUI, comfyui: RealComfyUI
) -> None:
    await start_worker(GPU_WORKER_BACKENDS=served(comfyui, victim))
    step = await queue.submit("killed", "comfyui", payload(sampling_graph(steps=300, seed=12)), backend=name(victim))
    await sampling(queue, step)
    killed_at = time.monotonic()
    await victim.kill()

    async def is_out() -> bool:
        return name(victim) not in await registered(queue)

    await until(is_out, 2 * OUT_S)
    assert time.monotonic() - killed_at < OUT_S
    waiting = await queue.when(step, lambda view: view.status is JobStatus.QUEUED)
    assert waiting.attempt <= 1
    assert name(comfyui) in await registered(queue)
    await victim.start()
    started_at = time.monotonic()

    async def is_back() -> bool:
        return name(victim) in await registered(queue)

    await until(is_back, 4 * BACK_S)
    assert time.monotonic() - started_at < BACK_S
    done = await queue.end_of(step)
    assert (done.status, done.attempt) == (JobStatus.COMPLETED, 1)


async def test_the_step_of_a_frozen_server_moves_to_another_and_its_prompt_is_cancelled_later(
    start_worker: StartWorker, queue: Queue, victim: RealComfyUI, comfyui: RealComfyUI
) -> None:
    await start_worker(GPU_WORKER_BACKENDS=served(victim))
    step = await queue.submit("frozen", "comfyui", payload(sampling_graph(steps=2_000, seed=13)))
    await sampling(queue, step)
    await start_worker(GPU_WORKER_BACKENDS=served(comfyui))
    victim.freeze()
    moved = await queue.when(
        step, lambda view: view.status is JobStatus.RUNNING and name(comfyui) in (view.worker_id or "")
    )
    assert moved.attempt <= 1
    victim.thaw()

    async def is_idle() -> bool:
        return not await asyncio.to_thread(victim.prompts)

    await until(is_idle, START_S)
    await queue.producer.cancel(step.id, reason="test")
    assert (await queue.end_of(step)).status is JobStatus.CANCELLED

    async def both_are_idle() -> bool:
        return not await asyncio.to_thread(comfyui.prompts)

    await until(both_are_idle, START_S)


async def test_a_required_model_is_served_by_name(
    start_worker: StartWorker, queue: Queue, comfyui: RealComfyUI
) -> None:
    await start_worker(GPU_WORKER_BACKENDS=served(comfyui))
    step = await queue.submit(
        "named", "comfyui", payload(plain_graph(14)), models=(CHECKPOINT,), custom_nodes=("DarkroomPause",)
    )
    assert (await queue.end_of(step)).status is JobStatus.COMPLETED

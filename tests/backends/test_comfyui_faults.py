"""A real ComfyUI that is killed, or frozen and continued, in the middle of a job."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from darkroom_schemas.step import StepResult
from gpu_worker.domain.failures import ConnectorNotReady, Failure, Stopped
from support.comfyui import RealComfyUI, plain_graph, sampling_graph
from support.fake_run import FakeRun
from support.waiting import until

from backends.conftest import Bench

LONG = 2_000
START_S = 90.0


@pytest.fixture
async def server(victim: RealComfyUI) -> AsyncIterator[RealComfyUI]:
    """Give a server that is alive and idle, and leave it so."""
    yield victim
    victim.thaw()
    if await asyncio.to_thread(victim.prompts):
        await victim.kill()
        await victim.start()


async def sampling(run: FakeRun, task: "asyncio.Task[StepResult]") -> None:
    async def runs() -> bool:
        if task.done():
            task.result()
        return "KSampler" in run.messages and max(run.reported) > 0.1

    await until(runs, START_S)


async def test_a_killed_server_fails_the_attempt_and_the_next_one_completes(bench: Bench, server: RealComfyUI) -> None:
    run = bench.run(sampling_graph(steps=LONG, seed=3))
    async with bench.backend(server) as backend:
        task = asyncio.create_task(backend.run(run))
        await sampling(run, task)
        await server.kill()
        with pytest.raises(ConnectorNotReady):
            await backend.ping()
        await server.start()
        with pytest.raises(Failure) as caught:
            await task
        assert caught.value.retryable
        assert await bench.leftovers() == []
        result = await backend.run(bench.run(plain_graph(1)))
        assert len(result.outputs) == 1


async def test_a_stopped_attempt_on_a_frozen_server_is_cancelled_when_the_server_wakes(
    bench: Bench, server: RealComfyUI
) -> None:
    run = bench.run(sampling_graph(steps=LONG, seed=4))
    async with bench.backend(server) as backend:
        task = asyncio.create_task(backend.run(run))
        await sampling(run, task)
        server.freeze()
        with pytest.raises(ConnectorNotReady):
            await backend.ping()
        stopped_at = time.monotonic()
        run.stop.set()
        with pytest.raises(Stopped):
            await task
        assert time.monotonic() - stopped_at < 8
        server.thaw()

        async def is_idle() -> bool:
            await backend.ping()
            return not await asyncio.to_thread(server.prompts)

        await until(is_idle, START_S)
        assert await bench.leftovers() == []


async def test_a_server_that_was_frozen_for_a_while_completes_the_attempt(bench: Bench, server: RealComfyUI) -> None:
    before = server.runs()
    run = bench.run(sampling_graph(steps=60, seed=5))
    async with bench.backend(server) as backend:
        task = asyncio.create_task(backend.run(run))
        await sampling(run, task)
        server.freeze()
        frozen_at = time.monotonic()

        async def is_noticed() -> bool:
            try:
                await backend.ping()
            except ConnectorNotReady:
                return time.monotonic() - frozen_at > 14
            return False

        await until(is_noticed, 30)
        server.thaw()
        result = await task
    assert len(result.outputs) == 1
    assert server.runs() == before + 1


async def test_the_prompt_of_a_lost_worker_is_continued(bench: Bench, server: RealComfyUI) -> None:
    """Another process of the same worker, with its WebSocket, and one of another worker."""
    before = server.runs()
    run = bench.run(sampling_graph(steps=200, seed=6))
    async with bench.backend(server) as first:
        lost = asyncio.create_task(first.run(run))
        await sampling(run, lost)
        async with bench.backend(server) as second, bench.backend(server, "elsewhere@comfyui") as third:
            again, other = bench.again(run), bench.again(run)
            results = await asyncio.gather(second.run(again), third.run(other))
        await lost
    assert server.runs() == before + 1
    assert {result.outputs[0].sha256 for result in results} == {lost.result().outputs[0].sha256}
    assert "KSampler" in again.messages

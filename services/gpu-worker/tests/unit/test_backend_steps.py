"""A step that finds its server away begins again, until the server answers or the step is stopped."""

import asyncio
from collections.abc import Sequence

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepResult
from gpu_worker.domain.backend import BackendSteps, Discovery
from gpu_worker.domain.failures import BackendAway, Failure, Stopped
from gpu_worker.domain.ports import StepRun
from support.fake_run import MakeRun


class Server:
    """A back end that is away for its first runs."""

    types: Sequence[str] = ("a1111",)

    def __init__(self, away: int) -> None:
        self._away = away
        self.asked = asyncio.Event()

    async def ping(self) -> None: ...

    async def discover(self) -> Discovery:
        return Discovery()

    async def close(self) -> None: ...

    async def run(self, run: StepRun) -> StepResult:
        self.asked.set()
        if self._away:
            self._away -= 1
            raise BackendAway("The server cannot be reached")
        return StepResult(text="done")


async def test_a_server_that_comes_back_costs_no_attempt(make_run: MakeRun) -> None:
    assert (await BackendSteps("a1111", Server(1)).execute(make_run("a1111", {}))).text == "done"


async def test_a_stop_ends_the_wait(make_run: MakeRun) -> None:
    server, run = Server(1_000), make_run("a1111", {})
    task = asyncio.create_task(BackendSteps("a1111", server).execute(run))
    await server.asked.wait()
    run.stop.set()
    with pytest.raises(Stopped):
        await task


async def test_another_job_type_is_not_served(make_run: MakeRun) -> None:
    with pytest.raises(Failure) as caught:
        await BackendSteps("a1111", Server(0)).execute(make_run("comfyui", {}))
    assert caught.value.code is StepErrorCode.UNWORKABLE

"""The queue hears of every end of an attempt in its own words."""

import pytest
from darkroom_queue import StepContext, StepFailed, StepStopped
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepResult
from gpu_worker.domain.failures import ChildLost, Stopped
from gpu_worker.domain.ports import StepRun
from gpu_worker.domain.step_router import StepRouter
from gpu_worker.loops.steps import StepHandler
from support.fake_run import MakeRun


class Scripted:
    """A connector that ends as configured."""

    name = "scripted"
    types = ("simulation",)
    models = ("model-a",)

    def __init__(self, end: Exception | StepResult) -> None:
        self.end = end

    async def check(self) -> None: ...

    async def run(self, run: StepRun) -> StepResult:
        if isinstance(self.end, Exception):
            raise self.end
        return self.end


async def handle(make_run: MakeRun, end: Exception | StepResult, job_type: str = "simulation") -> StepResult:
    handler = StepHandler(StepRouter([Scripted(end)]), "worker")
    return await handler(StepContext(make_run(job_type, {}).step))


async def test_a_result_is_passed_on(make_run: MakeRun) -> None:
    assert await handle(make_run, StepResult(text="done")) == StepResult(text="done")


async def test_a_lost_child_is_worth_another_attempt(make_run: MakeRun) -> None:
    with pytest.raises(StepFailed) as caught:
        await handle(make_run, ChildLost("killed by signal 9"))
    assert caught.value.error.code is StepErrorCode.WORKER_CRASHED
    assert caught.value.error.retryable


async def test_a_stopped_attempt_is_no_failure(make_run: MakeRun) -> None:
    with pytest.raises(StepStopped):
        await handle(make_run, Stopped())


async def test_an_error_nobody_foresaw_gives_nothing_of_itself_away(make_run: MakeRun) -> None:
    with pytest.raises(StepFailed) as caught:
        await handle(make_run, RuntimeError("secret path /home/x"))
    assert caught.value.error.message == "RuntimeError"


async def test_a_type_that_no_connector_serves_is_unworkable(make_run: MakeRun) -> None:
    with pytest.raises(StepFailed) as caught:
        await handle(make_run, StepResult(), job_type="comfyui")
    assert caught.value.error.code is StepErrorCode.UNWORKABLE


def test_a_worker_offers_what_its_connectors_offer() -> None:
    router = StepRouter([Scripted(StepResult())])
    assert router.types == ("simulation",)
    assert router.models == ("model-a",)

"""Whatever happens to the GPU process costs one attempt of one step, never the worker."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import PromptPayload
from gpu_worker.domain.failures import ChildLost
from gpu_worker.models.files import ModelFiles
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.runtime.child_process import ChildProcess
from gpu_worker.runtime.gpu_child import ChildTimeouts, GpuChild
from gpu_worker.runtime.messages import (
    Heartbeat,
    ModelLoaded,
    ModelRefused,
    Progressed,
    Ready,
    RunStep,
    Setup,
    StepDone,
    StepFailure,
    StepHalted,
    StepOutcome,
    StopStep,
)
from support.waiting import until

COMMAND = (sys.executable, str(Path(__file__).with_name("fault_child.py")))
CALM = ChildTimeouts(start_s=30, silence_s=20, stall_s=20, stop_s=5)


class Losses:
    """Keeps why children were lost."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.faults: list[str] = []
        self.heartbeats = asyncio.Semaphore(0)
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.refused: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def ready(self, ready: Ready) -> None: ...

    def heartbeat(self, heartbeat: Heartbeat) -> None:
        self.heartbeats.release()

    def model_loaded(self, loaded: ModelLoaded) -> None: ...

    def model_refused(self, refused: ModelRefused) -> None:
        self.refused.put_nowait((refused.model, refused.reason))

    def lost(self, reason: str, *, fault: bool) -> None:
        self.reasons.append(reason)
        if fault:
            self.faults.append(reason)
        self.heard.put_nowait(reason)


class Bed:
    """A child under test."""

    def __init__(self, child: GpuChild, losses: Losses) -> None:
        self.child = child
        self.losses = losses
        self.begun = asyncio.Event()
        self.stop = asyncio.Event()

    async def run(self, prompt: str) -> StepOutcome:
        self.begun.clear()
        payload = PromptPayload(family="prompt", prompt=prompt, seeds=(1,), model="m")
        return await self.child.run(
            RunStep(run_id=prompt, payload=payload, spool=Path("/nowhere")),
            stop=self.stop,
            on_progress=self._note,
            on_file=lambda _: None,
        )

    def start(self, prompt: str) -> "asyncio.Task[StepOutcome]":
        return asyncio.create_task(self.run(prompt))

    def _note(self, _: Progressed) -> None:
        self.begun.set()


@asynccontextmanager
async def child_with(
    timeouts: ChildTimeouts,
    command: tuple[str, ...] = COMMAND,
    models: dict[str, ModelFiles | None] | None = None,
) -> AsyncIterator[Bed]:
    losses = Losses()
    setup = Setup(profile=load_profile("tiny"), models_dir=Path("/nowhere"), models=models or {}, heartbeat_s=0.05)
    child = GpuChild(setup, losses, timeouts, command)
    keeper = asyncio.create_task(child.keep_alive())
    try:
        async with asyncio.timeout(60):
            yield Bed(child, losses)
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


@pytest.fixture
async def bed() -> AsyncIterator[Bed]:
    async with child_with(CALM) as made:
        yield made


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_steps_run_one_after_the_other_in_one_process(bed: Bed) -> None:
    first, second = await asyncio.gather(bed.run("a"), bed.run("b"))
    assert isinstance(first, StepDone)
    assert isinstance(second, StepDone)
    assert first.text == f"a by {bed.child.pid}"
    assert second.text == f"b by {bed.child.pid}"


async def test_a_killed_child_costs_the_attempt_and_is_replaced(bed: Bed) -> None:
    running = bed.start("obey")
    await bed.begun.wait()
    killed = bed.child.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(ChildLost, match="killed by signal 9") as caught:
        await running
    assert caught.value.code is StepErrorCode.WORKER_CRASHED
    assert caught.value.retryable
    assert isinstance(await bed.run("again"), StepDone)
    assert bed.child.pid != killed


async def test_a_crash_in_native_code_costs_the_attempt(bed: Bed) -> None:
    with pytest.raises(ChildLost, match="killed by signal 11"):
        await bed.run("crash")
    assert isinstance(await bed.run("again"), StepDone)


async def test_a_child_that_talks_nonsense_is_replaced(bed: Bed) -> None:
    with pytest.raises(ChildLost, match="too long"):
        await bed.run("babble")
    assert isinstance(await bed.run("again"), StepDone)


async def test_an_error_in_a_pipeline_does_not_cost_the_process(bed: Bed) -> None:
    refused = await bed.run("error")
    assert isinstance(refused, StepFailure)
    assert refused.code is StepErrorCode.INTERNAL
    assert "broken" not in refused.message
    assert isinstance(await bed.run("again"), StepDone)
    assert bed.losses.reasons == []


async def test_a_broken_context_fails_its_step_and_costs_no_other_one(bed: Bed) -> None:
    await bed.run("first")
    broken = bed.child.pid
    waiting = [bed.start("broken context"), *(bed.start(f"later {number}") for number in range(3))]
    refused, *later = await asyncio.gather(*waiting)
    assert isinstance(refused, StepFailure)
    assert (refused.code, refused.retryable) == (StepErrorCode.DEVICE_ERROR, True)
    assert refused.message == "The device failed: illegal memory access"
    assert all(isinstance(outcome, StepDone) for outcome in later)
    assert bed.child.pid != broken
    assert bed.losses.reasons == bed.losses.faults == ["it ended with status 70"]


async def test_a_frozen_process_is_killed_and_replaced() -> None:
    async with child_with(replace(CALM, silence_s=2.0)) as bed:
        with pytest.raises(ChildLost, match="no sign of life"):
            await bed.run("freeze")
        assert isinstance(await bed.run("again"), StepDone)


async def test_a_step_that_hangs_while_its_process_beats_is_given_up() -> None:
    async with child_with(replace(CALM, stall_s=1.0)) as bed:
        with pytest.raises(ChildLost, match="the step showed no sign of life"):
            await bed.run("hang")
        assert isinstance(await bed.run("again"), StepDone)


async def test_a_stopped_step_ends_at_once_and_keeps_its_process() -> None:
    async with child_with(replace(CALM, stop_s=2.0)) as bed:  # a process that takes longer is killed
        running = bed.start("obey")
        await bed.begun.wait()
        pid = bed.child.pid
        bed.stop.set()
        assert isinstance(await running, StepHalted)
        assert bed.child.pid == pid


async def test_a_step_that_does_not_obey_is_killed_with_its_process() -> None:
    async with child_with(replace(CALM, stop_s=0.2)) as bed:
        running = bed.start("hang")
        await bed.begun.wait()
        bed.stop.set()
        assert isinstance(await running, StepHalted)
        assert bed.losses.reasons == ["its step did not stop when asked to"]
        assert bed.losses.faults == []
        bed.stop.clear()
        assert isinstance(await bed.run("again"), StepDone)


async def test_a_step_whose_caller_is_gone_does_not_go_on(bed: Bed) -> None:
    running = bed.start("hang")
    await bed.begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert isinstance(await bed.run("again"), StepDone)
    assert bed.losses.reasons == ["its step was abandoned"]


@pytest.mark.parametrize("stop_first", [False, True])
async def test_a_stop_that_comes_with_its_run_or_before_it_is_not_lost(*, stop_first: bool) -> None:
    child = await ChildProcess.start(COMMAND)
    payload = PromptPayload(family="prompt", prompt="obey", seeds=(1,), model="m")
    try:
        async with asyncio.timeout(60):
            await child.send(Setup(profile=load_profile("tiny"), models_dir=Path("/nowhere"), heartbeat_s=3600))
            assert isinstance(await child.receive(), Ready)
            for number in range(100):
                run = RunStep(run_id=f"run{number}", payload=payload, spool=Path("/nowhere"))
                stop = StopStep(run_id=run.run_id)
                for message in (stop, run) if stop_first else (run, stop):
                    await child.send(message)
                while isinstance(answer := await child.receive(), Progressed):
                    continue
                assert answer == StepHalted(run_id=run.run_id)
    finally:
        await child.end()


async def test_heartbeats_go_on_when_what_they_report_cannot_be_read() -> None:
    async with child_with(replace(CALM, silence_s=1.0)) as bed:
        await bed.run("miscount")
        pid = bed.child.pid
        while bed.losses.heartbeats.locked() is False:
            await bed.losses.heartbeats.acquire()
        for _ in range(40):  # two seconds
            await bed.losses.heartbeats.acquire()
        assert isinstance(await bed.run("again"), StepDone)
        assert (bed.child.pid, bed.losses.reasons) == (pid, [])


async def test_a_step_stopped_before_its_turn_never_runs(bed: Bed) -> None:
    bed.stop.set()
    assert isinstance(await bed.run("a"), StepHalted)


async def test_a_child_that_cannot_start_is_tried_again() -> None:
    async with child_with(CALM, command=(sys.executable, "-c", "raise SystemExit(3)")) as bed:
        assert [await bed.losses.heard.get() for _ in range(2)] == ["it ended with status 3"] * 2
        assert bed.losses.faults == []
        assert not bed.child.is_available


async def test_the_child_ends_when_its_worker_is_killed() -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from gpu_worker.runtime.child_process import ChildProcess
async def main():
    child = await ChildProcess.start({COMMAND!r})
    print(child.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert worker.stdout is not None
    pid = int(await worker.stdout.readline())
    worker.kill()
    await worker.wait()

    async def gone() -> bool:
        return not exists(pid)

    await until(gone)


async def test_a_child_that_comes_back_in_time_is_not_missed(bed: Bed) -> None:
    await bed.run("a")
    missed = asyncio.create_task(bed.child.missing_for(20))
    with pytest.raises(ChildLost):
        await bed.run("crash")
    await bed.child.available()
    assert not missed.done()
    missed.cancel()


async def test_a_child_that_stays_away_is_missed() -> None:
    async with child_with(CALM, command=(sys.executable, "-c", "raise SystemExit(3)")) as bed:
        await bed.child.missing_for(0.2)


def files_at(path: Path) -> ModelFiles:
    return ModelFiles(path, None, "a", None, "0" * 64)


async def test_models_are_added_between_steps_and_again_after_a_restart(bed: Bed, tmp_path: Path) -> None:
    assert await bed.child.add_model("first", None) is None
    assert await bed.child.add_model("second", files_at(tmp_path)) is None
    outcome = await bed.run("models")
    assert isinstance(outcome, StepDone)
    assert outcome.text == "first second"
    with pytest.raises(ChildLost):
        await bed.run("crash")
    outcome = await bed.run("models")
    assert isinstance(outcome, StepDone)
    assert outcome.text == "first second"


async def test_a_model_that_cannot_be_loaded_leaves_the_others_and_the_process(bed: Bed) -> None:
    assert await bed.child.add_model("first", None) is None
    pid = bed.child.pid
    assert await bed.child.add_model("broken", None) == "it was not loaded: RuntimeError"
    assert isinstance(await bed.run("models"), StepDone)
    assert bed.child.pid == pid


async def test_a_model_whose_load_ends_the_process_is_refused_and_is_no_fault_of_the_device(bed: Bed) -> None:
    assert await bed.child.add_model("first", None) is None
    assert "killed by signal 11" in str(await bed.child.add_model("deadly", None))
    outcome = await bed.run("models")
    assert isinstance(outcome, StepDone)
    assert outcome.text == "first"
    assert bed.losses.faults == []


async def test_a_model_that_is_gone_after_a_restart_is_reported(bed: Bed, tmp_path: Path) -> None:
    place = tmp_path / "model"
    place.mkdir()
    assert await bed.child.add_model("removed", files_at(place)) is None
    place.rmdir()
    with pytest.raises(ChildLost):
        await bed.run("crash")
    assert await bed.losses.refused.get() == ("removed", "removed does not exist")
    assert isinstance(await bed.run("again"), StepDone)


async def test_a_stop_is_obeyed_while_another_step_has_the_process(bed: Bed) -> None:
    first_stop, bed.stop = bed.stop, asyncio.Event()
    running = bed.start("obey")
    await bed.begun.wait()
    running_stop, bed.stop = bed.stop, first_stop
    waiting = bed.start("waits")
    await asyncio.sleep(0)
    first_stop.set()
    assert isinstance(await waiting, StepHalted)
    assert not running.done()
    running_stop.set()
    assert isinstance(await running, StepHalted)


async def test_heartbeats_begin_before_the_models_are_loaded(tmp_path: Path) -> None:
    """The limit of the start ends with the first of them, so a slow load is no failure."""
    gate = tmp_path / "gate"
    async with child_with(CALM, models={"gate": files_at(gate)}) as bed:
        for _ in range(3):
            await bed.losses.heartbeats.acquire()
        assert not bed.child.is_available
        gate.touch()
        assert isinstance(await bed.run("again"), StepDone)

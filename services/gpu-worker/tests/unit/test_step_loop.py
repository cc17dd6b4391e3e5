"""The worker takes steps only while it can run them, and ends in order."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from darkroom_chassis.probes import NotReady
from darkroom_queue import WorkerSuperseded
from gpu_worker.domain.ports import HoldName
from gpu_worker.loops.claim_holds import ClaimHolds
from gpu_worker.loops.steps import StepLoop


class FakeConsumer:
    """Runs until drained."""

    def __init__(self) -> None:
        self.running = asyncio.Event()
        self.drained = asyncio.Event()
        self.grace_s: float | None = None
        self.superseded = False
        self.drained_by_operator = False

    async def run(self) -> None:
        self.running.set()
        await self.drained.wait()
        if self.superseded:
            raise WorkerSuperseded

    def drain(self, *, grace_s: float) -> None:
        self.grace_s = grace_s
        self.drained.set()


class FakeGate:
    """Opened and given up by the test."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.lost = asyncio.Event()

    async def available(self) -> None:
        await self.open.wait()

    async def missing_for(self, seconds: float) -> None:
        await self.lost.wait()


class Bed:
    def __init__(self) -> None:
        self.gate = FakeGate()
        self.consumers = [FakeConsumer(), FakeConsumer()]
        waiting = iter(self.consumers)
        self.holds = ClaimHolds()
        self.loop = StepLoop(lambda: next(waiting), self.gate, self.holds, give_up_after_s=60)


@pytest.fixture
async def bed() -> AsyncIterator[Bed]:
    made = Bed()
    running = asyncio.create_task(made.loop.run())
    async with asyncio.timeout(5):
        yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_no_steps_are_taken_before_there_is_something_to_run_them_on(bed: Bed) -> None:
    with pytest.raises(RuntimeError):
        await bed.loop.check()
    bed.gate.open.set()
    await bed.consumers[0].running.wait()
    await bed.loop.check()


async def test_a_worker_that_cannot_work_gives_its_steps_back_and_begins_again_when_it_can(bed: Bed) -> None:
    bed.gate.open.set()
    await bed.consumers[0].running.wait()
    bed.gate.open.clear()
    bed.gate.lost.set()
    await bed.consumers[0].drained.wait()
    assert bed.consumers[0].grace_s == 0
    assert not bed.consumers[1].running.is_set()
    bed.gate.lost.clear()
    bed.gate.open.set()
    await bed.consumers[1].running.wait()


async def test_a_hold_lets_steps_finish_turns_readiness_red_and_ends(bed: Bed) -> None:
    first, second = bed.consumers
    bed.gate.open.set()
    await first.running.wait()
    bed.holds.hold(HoldName.DEVICE, "CUDA error")
    assert first.drained.is_set()  # at once: a turn that is sent now must claim nothing
    assert first.grace_s is not None
    assert first.grace_s > 3600
    with pytest.raises(NotReady, match="device: CUDA error"):
        await bed.loop.check()
    bed.holds.hold(HoldName.OBJECT_STORE, "full")
    bed.holds.release(HoldName.DEVICE)
    await asyncio.sleep(0)
    assert not second.running.is_set()
    bed.holds.release(HoldName.OBJECT_STORE)
    await second.running.wait()
    await bed.loop.check()


async def test_a_drain_waits_for_the_steps_in_hand_and_takes_no_more(bed: Bed) -> None:
    bed.gate.open.set()
    await bed.consumers[0].running.wait()
    await bed.loop.drain(7.0)
    assert bed.consumers[0].grace_s == 7.0
    assert not bed.consumers[1].running.is_set()
    with pytest.raises(RuntimeError):
        await bed.loop.check()


async def test_a_drain_before_the_first_step_ends_at_once(bed: Bed) -> None:
    await bed.loop.drain(7.0)
    assert not bed.consumers[0].running.is_set()


async def test_a_worker_whose_name_was_taken_stays_out_of_the_way(bed: Bed) -> None:
    first, second = bed.consumers
    bed.gate.open.set()
    await first.running.wait()
    first.superseded = True
    first.drained.set()
    await bed.loop.drain(0)
    with pytest.raises(RuntimeError):
        await bed.loop.check()
    assert not second.running.is_set()


async def test_a_worker_that_an_operator_drained_takes_no_more_steps(bed: Bed) -> None:
    first, second = bed.consumers
    bed.gate.open.set()
    await first.running.wait()
    first.drained_by_operator = True
    first.drained.set()
    await bed.loop.drain(0)
    with pytest.raises(RuntimeError):
        await bed.loop.check()
    assert not second.running.is_set()

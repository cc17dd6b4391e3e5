"""A worker whose device or object store keeps failing takes no steps, so the attempts of many jobs are not used up."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from darkroom_chassis.probes import NotReady
from darkroom_queue import Consumer, Producer, QueueClient
from darkroom_schemas.ids import JobId, StepId
from darkroom_schemas.payload import PromptPayload
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepView
from darkroom_schemas.worker import Capabilities, Requirements
from gpu_worker.connectors.attempt import Storage
from gpu_worker.connectors.local import LocalConnector
from gpu_worker.domain.circuit_breaker import BreakerLimits, CircuitBreaker
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.model_states import all_ready
from gpu_worker.domain.ports import HoldName
from gpu_worker.domain.step_router import StepRouter
from gpu_worker.loops.claim_holds import ClaimHolds
from gpu_worker.loops.device_health import DeviceHealth
from gpu_worker.loops.object_deletions import ObjectDeletions
from gpu_worker.loops.steps import StepHandler, StepLoop
from gpu_worker.loops.store_health import StoreHealth
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.runtime.device_watch import DeviceWatch
from gpu_worker.runtime.gpu_child import ChildTimeouts, GpuChild
from gpu_worker.runtime.messages import Setup
from gpu_worker.store.objects import ObjectUploads, open_store
from gpu_worker.store.spool import SpoolFolders
from support.steps import make_step, make_worker
from support.waiting import until

COMMAND = (sys.executable, str(Path(__file__).with_name("fault_child.py")))
TYPE = "prompt_enhance"


class Bed:
    """A worker's loops between a real queue and a real process that fails on request."""

    def __init__(self, link: QueueClient, holds: ClaimHolds, steps: StepLoop, payload: PromptPayload) -> None:
        self.producer, self.holds, self.steps, self._payload = Producer(link), holds, steps, payload

    async def submit(self, name: str, prompt: str) -> StepId:
        payload = self._payload.model_copy(update={"prompt": prompt}).model_dump(mode="json")
        step = make_step(
            id=StepId(name), job_id=JobId(name), requirements=Requirements(type=TYPE), payload=payload,
            created_us=time.time_ns() // 1000,
        )  # fmt: skip
        await self.producer.submit(step)
        return step.id

    async def view(self, step: StepId) -> StepView:
        view = await self.producer.read(step)
        assert view is not None
        return view

    async def attempts(self, steps: list[StepId]) -> int:
        return sum([(await self.view(step)).attempt for step in steps])

    async def end(self, step: StepId) -> JobStatus:
        async def ended() -> JobStatus | None:
            view = await self.view(step)
            return view.status if view.finished_at_ms is not None else None

        status = await until(ended, 60)
        assert status is not None
        return status


@asynccontextmanager
async def worker(
    link: QueueClient, tmp_path: Path, payload: PromptPayload, limits: BreakerLimits | None = None, concurrency: int = 1
) -> AsyncIterator[Bed]:
    holds = ClaimHolds()
    health = DeviceHealth(CircuitBreaker(asyncio.get_running_loop().time, limits), holds)
    profile = load_profile("tiny")
    child = GpuChild(
        Setup(profile=profile, models_dir=tmp_path), DeviceWatch(health.lost), ChildTimeouts(start_s=60), COMMAND
    )
    store_health = StoreHealth(holds, first_pause_s=0.05)
    uploads = ObjectUploads(open_store((tmp_path / "objects").as_uri()), store_health, longest_pause_s=0.1)
    connector = LocalConnector(
        child,
        profile,
        Storage(uploads, SpoolFolders(tmp_path / "spool").folder, ObjectDeletions(uploads)),
        health,
        all_ready(profile.models),
    )
    handler = StepHandler(StepRouter([connector]), "w")

    def consumer() -> Consumer:
        return Consumer(
            link, make_worker("w", capabilities=Capabilities(types=(TYPE,)), concurrency=concurrency), handler
        )

    steps = StepLoop(consumer, child, holds, give_up_after_s=60)
    running = [
        asyncio.create_task(child.keep_alive()),
        asyncio.create_task(steps.run()),
        asyncio.create_task(store_health.run(uploads.probe)),
    ]
    try:
        yield Bed(link, holds, steps, payload)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.mark.parametrize("fault", ["error", "broken context", "crash"])
async def test_three_faults_cost_three_attempts_and_no_more(
    link: QueueClient, tmp_path: Path, prompt_payload: PromptPayload, fault: str
) -> None:
    async with worker(link, tmp_path, prompt_payload, BreakerLimits(first_pause_s=3600, longest_pause_s=3600)) as bed:
        steps = [await bed.submit(f"step{number}", fault) for number in range(8)]

        async def held() -> bool:
            try:
                await bed.steps.check()
            except NotReady as problem:
                return "device" in str(problem)
            except RuntimeError:
                return False
            return False

        await until(held, 60)
        await bed.submit("later", "healthy")
        assert await bed.attempts(steps) == 3
        assert (await bed.producer.depth()).running == 0


async def test_the_worker_takes_steps_again_once_one_on_trial_succeeds(
    link: QueueClient, tmp_path: Path, prompt_payload: PromptPayload
) -> None:
    async with worker(link, tmp_path, prompt_payload, BreakerLimits(first_pause_s=0.2, longest_pause_s=0.2)) as bed:
        broken = [await bed.submit(f"broken{number}", "error") for number in range(3)]
        healthy = [await bed.submit(f"healthy{number}", "healthy") for number in range(4)]
        assert [await bed.end(step) for step in healthy] == [JobStatus.COMPLETED] * 4
        assert [await bed.end(step) for step in broken] == [JobStatus.FAILED] * 3


async def test_while_the_object_store_refuses_outputs_no_step_is_claimed_and_nothing_is_drawn_twice(
    link: QueueClient, tmp_path: Path, prompt_payload: PromptPayload
) -> None:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "first").write_text("a file where a folder must be")
    async with worker(link, tmp_path, prompt_payload, concurrency=2) as bed:
        first = await bed.submit("first", "draw")

        async def held() -> bool:
            return bed.holds.holds(HoldName.OBJECT_STORE)

        await until(held, 60)
        with pytest.raises(NotReady, match="object_store: E"):
            await bed.steps.check()
        later = [await bed.submit(f"later{number}", "draw") for number in range(3)]
        (tmp_path / "objects" / "first").unlink()
        assert [await bed.end(step) for step in (first, *later)] == [JobStatus.COMPLETED] * 4
        assert await bed.attempts([first, *later]) == 4
        drawn, *others = [await bed.view(step) for step in (first, *later)]
        assert drawn.result is not None
        assert (tmp_path / "objects" / drawn.result.outputs[0].key).read_bytes() == b"picture"
        assert min(other.started_at_ms or 0 for other in others) >= (drawn.finished_at_ms or 0)
        assert not bed.holds.holds(HoldName.OBJECT_STORE)


async def test_an_upload_that_gave_up_holds_claims_until_a_probe_succeeds(tmp_path: Path) -> None:
    holds = ClaimHolds()
    health = StoreHealth(holds, first_pause_s=0.01, longest_pause_s=0.01)
    store = tmp_path / "objects"
    uploads = ObjectUploads(open_store(store.as_uri()), health, patience_s=0.2, longest_pause_s=0.02)
    store.rmdir()
    store.write_text("no folder")
    file = tmp_path / "file"
    file.write_bytes(b"picture")
    probing = asyncio.create_task(health.run(uploads.probe))
    try:
        with pytest.raises(Failure, match="refused an output: E"):
            await uploads.put("job/0.png", file, "image/png")
        assert holds.holds(HoldName.OBJECT_STORE)
        store.unlink()
        store.mkdir()
        async with asyncio.timeout(10):
            await holds.none()
    finally:
        probing.cancel()

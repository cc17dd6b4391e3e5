"""Models come one after another; one that cannot be had is tried again and keeps no other waiting."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from darkroom_schemas.errors import StepErrorCode
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.model_states import ModelPhase, ModelState, ModelStates
from gpu_worker.loops.model_supply import ModelSupply
from gpu_worker.models.files import ModelFiles
from gpu_worker.models.transfer import Cancellation, Cancelled, Report, Transfer
from structlog.testing import capture_logs
from support.waiting import until

FILES = ModelFiles(Path("/models/a"), None, "a", None, "0" * 64)
NAMES = ("sdxl", "wan")


class Bed:
    """A supply whose downloads, GPU process and pauses the test controls."""

    def __init__(self) -> None:
        self.states = ModelStates(NAMES)
        self.problems: dict[str, list[Exception]] = {}
        self.refusals: dict[str, list[str]] = {}
        self.obtained: list[str] = []
        self.added: list[str] = []
        self.pauses: list[float] = []
        self.wake = asyncio.Event()
        self.work: Callable[[str, Report, Cancellation], None] = lambda *_: None
        self.now = 0.0
        self.supply = ModelSupply(
            NAMES, self.states, self._obtain, self._add, sleep=self._sleep, clock=lambda: self.now
        )

    def _obtain(self, name: str, report: Report, cancellation: Cancellation) -> ModelFiles:
        self.obtained.append(name)
        self.work(name, report, cancellation)
        if self.problems.get(name):
            raise self.problems[name].pop(0)
        return FILES

    async def _add(self, name: str, files: ModelFiles | None) -> str | None:
        assert files == FILES
        self.added.append(name)
        return self.refusals[name].pop(0) if self.refusals.get(name) else None

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.wake.wait()
        self.wake.clear()

    async def __aenter__(self) -> "Bed":
        self.tasks = [asyncio.create_task(self.supply.fetch()), asyncio.create_task(self.supply.add())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def phase(self, name: str, phase: ModelPhase) -> ModelState:
        async def reached() -> bool:
            return self.states.all[name].phase is phase

        await until(reached)
        return self.states.all[name]


def unavailable(message: str) -> Failure:
    return Failure(StepErrorCode.MODEL_UNAVAILABLE, message)


async def test_models_become_ready_in_their_order() -> None:
    bed, ready = Bed(), []
    bed.states.on_ready = lambda: ready.append(bed.states.ready)
    async with bed:
        await bed.phase("wan", ModelPhase.READY)
    assert (bed.obtained, bed.added) == (list(NAMES), list(NAMES))
    assert ready == [("sdxl",), ("sdxl", "wan")]


async def test_a_model_that_cannot_be_had_is_tried_again_later_while_the_others_are_served() -> None:
    bed = Bed()
    bed.problems["sdxl"] = [unavailable("own.safetensors is a LoRA"), unavailable("still"), RuntimeError("odd")]
    async with bed:
        state = await bed.phase("sdxl", ModelPhase.UNAVAILABLE)
        assert str(state) == "unavailable: own.safetensors is a LoRA"
        await bed.phase("wan", ModelPhase.READY)
        for _ in range(3):
            bed.wake.set()
            await asyncio.sleep(0)
            await until(lambda: _true(not bed.wake.is_set()))
        await bed.phase("sdxl", ModelPhase.READY)
    assert bed.pauses == [30.0, 60.0, 120.0]
    assert bed.states.ready == NAMES


async def test_a_model_that_the_gpu_process_refuses_is_tried_again() -> None:
    bed = Bed()
    bed.refusals["wan"] = ["it was not loaded: SafetensorError"]
    async with bed:
        assert "SafetensorError" in str(await bed.phase("wan", ModelPhase.UNAVAILABLE))
        bed.wake.set()
        await bed.phase("wan", ModelPhase.READY)
    assert bed.obtained.count("wan") == 2


async def test_a_ready_model_that_is_lost_is_no_longer_offered() -> None:
    bed = Bed()
    async with bed:
        await bed.phase("wan", ModelPhase.READY)
        bed.supply.unavailable("sdxl", "its file was removed")
        assert bed.states.ready == ("wan",)
        bed.wake.set()
        await bed.phase("sdxl", ModelPhase.READY)


async def test_progress_is_shown_and_a_stop_cancels_the_download() -> None:
    bed, cancelled, reported = Bed(), threading.Event(), threading.Event()

    def download(name: str, report: Report, cancellation: Cancellation) -> None:
        report(Transfer("unet/a.safetensors", 1, 2, 1_500_000_000, 7_000_000_000))
        reported.set()
        try:
            while True:
                cancellation.wait(0.01)
        except Cancelled:
            cancelled.set()
            raise

    bed.work = download
    async with bed:
        await asyncio.to_thread(reported.wait)
        await until(lambda: _true(bed.states.describe()["sdxl"] == "downloading: 1.50 of 7.00 GB"))
        assert bed.states.ready == ()
    assert await asyncio.to_thread(cancelled.wait, 10)


async def test_a_download_is_logged_every_ten_seconds() -> None:
    bed = Bed()

    def download(name: str, report: Report, _: Cancellation) -> None:
        if name != "sdxl":
            return
        for done, now in enumerate((4.0, 11.0, 15.0), start=1):
            bed.now = now
            report(Transfer("a", done, 9, done, 9))

    bed.work = download
    with capture_logs() as lines:
        async with bed:
            await bed.phase("sdxl", ModelPhase.READY)
    shown = [line for line in lines if line["event"] == "A model is being downloaded" and line["model"] == "sdxl"]
    assert [line["done_bytes"] for line in shown] == [2]


async def _true(answer: bool) -> bool:
    return answer

"""Every fault, raised in a real GPU process that draws with SDXL: at most its own attempt is lost.

Each test also starts the next step before the fault has happened. Its picture has the bytes of an undisturbed run.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.payload import ImagePayload
from gpu_worker.domain.failures import ChildLost
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.runtime.gpu_child import ChildTimeouts, GpuChild
from gpu_worker.runtime.messages import (
    FileReady,
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
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
COMMAND = (sys.executable, str(Path(__file__).with_name("faulty_sdxl_child.py")))
MODEL = "sdxl-base-1.0"
LIMIT_S = 240.0


class Losses:
    """Keeps why processes were lost."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def ready(self, ready: Ready) -> None: ...

    def heartbeat(self, heartbeat: Heartbeat) -> None: ...

    def model_loaded(self, loaded: ModelLoaded) -> None: ...

    def model_refused(self, refused: ModelRefused) -> None: ...

    def lost(self, reason: str, *, fault: bool) -> None:
        self.reasons.append(reason)


class Bench:
    """The process under test, and what it drew."""

    def __init__(self, child: GpuChild, losses: Losses, payload: ImagePayload, folder: Path) -> None:
        self.child, self.losses, self._payload, self._folder = child, losses, payload, folder
        self.models_dir = folder / "models"
        self.reference: list[bytes] = []
        self._runs = 0

    def spool(self) -> Path:
        self._runs += 1
        folder = self._folder / f"spool{self._runs}"
        folder.mkdir()
        return folder

    async def run(
        self, fault: str | None, *, spool: Path | None = None, stop: asyncio.Event | None = None
    ) -> tuple[StepOutcome, list[bytes]]:
        """Run one step; returns its outcome and the pixels' bytes of its files, in order."""
        files: dict[int, FileReady] = {}
        place, stopping = spool or self.spool(), stop or asyncio.Event()
        self.begun = asyncio.Event()

        def note(_: Progressed) -> None:
            self.begun.set()

        payload = self._payload.model_copy(update={"original_prompt": fault})
        outcome = await self.child.run(
            RunStep(run_id=place.name, payload=payload, spool=place),
            stop=stopping, on_progress=note, on_file=lambda file: files.update({file.index: file}),
        )  # fmt: skip
        return outcome, [files[index].path.read_bytes() for index in sorted(files)]

    async def with_next(self, fault: str) -> tuple[StepOutcome | BaseException, list[bytes]]:
        """Run a step with a fault and the next one right behind it; checks the next one."""
        async with asyncio.timeout(LIMIT_S):
            disturbed = asyncio.create_task(self.run(fault))
            await asyncio.sleep(0)
            following = asyncio.create_task(self.run(None))
            await asyncio.wait({disturbed, following})
        outcome, files = following.result()
        assert isinstance(outcome, StepDone)
        assert files == self.reference
        error = disturbed.exception()
        return (error, []) if error is not None else disturbed.result()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory, image_payload: ImagePayload) -> AsyncIterator[Bench]:
    folder = tmp_path_factory.mktemp("faults")
    profile = load_profile("tiny", only=(MODEL,))
    losses = Losses()
    setup = Setup(profile=profile, models_dir=folder / "models", heartbeat_s=0.2)
    timeouts = ChildTimeouts(start_s=LIMIT_S, silence_s=60, stall_s=10, stop_s=60)
    child = GpuChild(setup, losses, timeouts, COMMAND)
    payload = profile.fit(image_payload.model_copy(update={"seeds": (1, 2)}))
    assert isinstance(payload, ImagePayload)
    made = Bench(child, losses, payload, folder)
    keeper = asyncio.create_task(child.keep_alive())
    try:
        async with asyncio.timeout(LIMIT_S):
            outcome, made.reference = await made.run(None)
        assert isinstance(outcome, StepDone)
        assert len(made.reference) == 2
        yield made
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


@pytest.fixture
def pid(bench: Bench) -> int | None:
    return bench.child.pid


@pytest.mark.parametrize(
    "fault", ["out of memory at load", "out of memory at denoise", "out of memory at decode", "cublas"]
)
async def test_a_lack_of_memory_that_passes_costs_nothing(bench: Bench, pid: int | None, fault: str) -> None:
    outcome, files = await bench.with_next(fault)
    assert isinstance(outcome, StepDone)
    assert len(files) == 2
    assert bench.child.pid == pid


@pytest.mark.parametrize(
    ("fault", "code"),
    [("too large for the decoder", StepErrorCode.OUT_OF_MEMORY), ("nan", StepErrorCode.NOT_FINITE)],
)
async def test_what_the_step_itself_causes_fails_it_and_keeps_the_process(
    bench: Bench, pid: int | None, fault: str, code: StepErrorCode
) -> None:
    outcome, _ = await bench.with_next(fault)
    assert isinstance(outcome, StepFailure)
    assert (outcome.code, outcome.retryable) == (code, True)
    assert bench.child.pid == pid


async def test_an_illegal_address_fails_the_step_and_restarts_the_process(bench: Bench, pid: int | None) -> None:
    outcome, _ = await bench.with_next("illegal address")
    assert isinstance(outcome, StepFailure)
    assert (outcome.code, outcome.retryable) == (StepErrorCode.DEVICE_ERROR, True)
    assert bench.child.pid != pid
    assert bench.losses.reasons[-1] == "it ended with status 70"


@pytest.mark.parametrize(("fault", "reason"), [("segfault", "killed by signal 11"), ("hang", "no sign of life")])
async def test_a_process_that_crashes_or_hangs_is_replaced(
    bench: Bench, pid: int | None, fault: str, reason: str
) -> None:
    lost, _ = await bench.with_next(fault)
    assert isinstance(lost, ChildLost)
    assert lost.retryable
    assert reason in lost.message
    assert bench.child.pid != pid


@pytest.mark.parametrize("fault", [None, "stop in load"])
async def test_a_stop_with_the_run_or_in_its_load_keeps_the_process(
    bench: Bench, pid: int | None, fault: str | None
) -> None:
    stop = asyncio.Event()
    async with asyncio.timeout(LIMIT_S):
        running = asyncio.create_task(bench.run(fault, stop=stop))
        if fault is not None:
            await asyncio.sleep(0)
            await bench.begun.wait()
        else:
            await asyncio.sleep(0)
        stop.set()
        outcome, files = await running
        again, drawn = await bench.run(None)
    assert isinstance(outcome, StepHalted)
    assert files == []
    assert isinstance(again, StepDone)
    assert drawn == bench.reference
    assert bench.child.pid == pid


@pytest.fixture
def corrupt_file(bench: Bench) -> Iterator[None]:
    """Cut the U-Net's file short; it is whole again after the test."""
    [file] = bench.models_dir.rglob("unet/*.safetensors")
    whole = file.read_bytes()
    draft = file.with_suffix(".draft")
    # Under another inode, since the process has mapped the whole file.
    draft.write_bytes(whole[: len(whole) // 2])
    draft.replace(file)
    yield
    draft.write_bytes(whole)
    draft.replace(file)


@pytest.mark.usefixtures("corrupt_file")
async def test_a_corrupt_file_fails_the_step_that_loads_it(bench: Bench, pid: int | None) -> None:
    async with asyncio.timeout(LIMIT_S):
        outcome, files = await bench.run("reload")
    assert isinstance(outcome, StepFailure)
    assert files == []
    assert bench.child.pid == pid


async def test_the_step_after_a_corrupt_file_is_drawn_as_ever(bench: Bench) -> None:
    async with asyncio.timeout(LIMIT_S):
        outcome, files = await bench.run("reload")
    assert isinstance(outcome, StepDone)
    assert len(files) == 2


async def test_a_full_spool_folder_fails_the_step_and_names_the_reason(bench: Bench, pid: int | None) -> None:
    spool = bench.spool()
    (spool / "0.png").symlink_to("/dev/full")  # writing to it fails with ENOSPC
    async with asyncio.timeout(LIMIT_S):
        outcome, _ = await bench.run(None, spool=spool)
        again, drawn = await bench.run(None)
    assert isinstance(outcome, StepFailure)
    assert outcome.message == "The pipeline failed with OSError (No space left on device)"
    assert outcome.retryable
    assert isinstance(again, StepDone)
    assert drawn == bench.reference
    assert bench.child.pid == pid

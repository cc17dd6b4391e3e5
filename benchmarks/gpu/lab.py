"""Runs steps in a real GPU process, supervised as the worker does it, with disturbances where a check asks for them."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from darkroom_schemas.payload import AnyPayload
from disturbance import Options
from gpu_worker.models.profile import Profile
from gpu_worker.runtime.gpu_child import ChildTimeouts, GpuChild
from gpu_worker.runtime.messages import (
    FileReady,
    Heartbeat,
    MemoryPlan,
    ModelLoaded,
    ModelRefused,
    Progressed,
    Ready,
    RunStep,
    Setup,
    StepDone,
    StepOutcome,
)

_CHILD = str(Path(__file__).with_name("child.py"))


class Observer:
    """Keeps what the GPU process reports beside its steps."""

    def __init__(self) -> None:
        self.device: Ready | None = None
        self.loads: list[ModelLoaded] = []
        self.losses: list[str] = []

    def ready(self, ready: Ready) -> None:
        self.device = ready

    def heartbeat(self, heartbeat: Heartbeat) -> None: ...

    def model_loaded(self, loaded: ModelLoaded) -> None:
        self.loads.append(loaded)

    def model_refused(self, refused: ModelRefused) -> None:
        self.losses.append(f"{refused.model} is refused: {refused.reason}")

    def lost(self, reason: str, *, fault: bool) -> None:
        self.losses.append(f"{reason}{'' if fault else ' (no fault)'}")


@dataclass
class Ran:
    """One step: its outcome, its files by index, when each report came, and how long a stop took."""

    outcome: StepOutcome
    seconds: float
    files: dict[int, FileReady] = field(default_factory=dict)
    stopped_in_s: float | None = None

    @property
    def done(self) -> StepDone:
        """Return the outcome of a step that succeeded; raises AssertionError with the reason otherwise."""
        if not isinstance(self.outcome, StepDone):
            raise AssertionError(f"the step did not succeed: {self.outcome.model_dump_json()}")
        return self.outcome

    def contents(self) -> list[bytes]:
        """Return the bytes of the files in order."""
        return [self.files[index].path.read_bytes() for index in sorted(self.files)]


class Lab:
    """A GPU process. It restarts by itself after a crash."""

    def __init__(
        self,
        profile: Profile,
        folder: Path,
        models_dir: Path,
        *,
        options: Options | None = None,
        budget_gb: float | None = None,
        limit_s: float = 300.0,
    ) -> None:
        self.observer = Observer()
        memory = MemoryPlan(budget_gb=budget_gb)
        setup = Setup(profile=profile, models_dir=models_dir, memory=memory, heartbeat_s=0.5)
        timeouts = ChildTimeouts(start_s=limit_s, silence_s=60.0, stall_s=limit_s, stop_s=30.0)
        command = (sys.executable, _CHILD, (options or Options()).to_json())
        self.child = GpuChild(setup, self.observer, timeouts, command)
        self._folder = folder
        self._limit_s = limit_s
        self._runs = 0
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process and wait until it has its device; raises TimeoutError."""
        self._keeper = asyncio.create_task(self.child.keep_alive())
        try:
            async with asyncio.timeout(self._limit_s):
                await self.child.available()
        except BaseException:
            await self.end()
            raise

    async def end(self) -> None:
        """Kill the process."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper

    @property
    def device(self) -> Ready:
        """Return the device; raises LookupError before the process is ready."""
        if self.observer.device is None:
            raise LookupError("the GPU process is not ready")
        return self.observer.device

    async def run(
        self, payload: AnyPayload, disturbance: str = "", stop_at: Callable[[Progressed], bool] = lambda _: False
    ) -> Ran:
        """Run a step; raises ChildLost and TimeoutError. It is stopped at the first report that `stop_at` takes."""
        self._runs += 1
        spool = Path(tempfile.mkdtemp(prefix=f"step-{self._runs}-", dir=self._folder))
        stop = asyncio.Event()
        stopped_at = 0.0
        files: dict[int, FileReady] = {}

        def hear(report: Progressed) -> None:
            nonlocal stopped_at
            if not stop.is_set() and stop_at(report):
                stopped_at = time.perf_counter()
                stop.set()

        started = time.perf_counter()
        async with asyncio.timeout(self._limit_s):
            outcome = await self.child.run(
                RunStep(run_id=f"{disturbance}@{self._runs}", payload=payload, spool=spool),
                stop=stop, on_progress=hear, on_file=lambda file: files.update({file.index: file}),
            )  # fmt: skip
        ended = time.perf_counter()
        return Ran(outcome, ended - started, files, ended - stopped_at if stop.is_set() else None)

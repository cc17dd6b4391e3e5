"""Supervises the GPU process and runs steps in it. A crash of the process fails one attempt and never the worker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from darkroom_chassis.logs import get_logger
from pydantic import ValidationError

from gpu_worker.domain.failures import ChildLost
from gpu_worker.domain.stop_grace import StopGrace
from gpu_worker.models.files import ModelFiles
from gpu_worker.runtime.child_process import CHILD_COMMAND, ChildProcess
from gpu_worker.runtime.framing import FrameTooLong
from gpu_worker.runtime.messages import (
    AddModel,
    FileReady,
    Heartbeat,
    ModelAnswer,
    ModelLoaded,
    ModelReady,
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

log = get_logger(__name__)
_FIRST_BACKOFF_S, _MAX_BACKOFF_S = 0.25, 30.0


@dataclass(frozen=True, slots=True)
class ChildTimeouts:
    """Timeouts of the parent, in seconds: until the first heartbeat, between heartbeats, of a stalled step or load,
    at most of a stop."""

    start_s: float = 600.0
    silence_s: float = 20.0
    stall_s: float = 600.0
    stop_s: float = 8.0


class ChildObserver(Protocol):
    """Receives the events of the GPU process, for logs and metrics."""

    def ready(self, ready: Ready) -> None: ...

    def heartbeat(self, heartbeat: Heartbeat) -> None: ...

    def model_loaded(self, loaded: ModelLoaded) -> None: ...

    def model_refused(self, refused: ModelRefused) -> None:
        """Learn that a model that was ready is so no longer, after a restart."""

    def lost(self, reason: str, *, fault: bool) -> None:
        """Learn that the process ended. No `fault`: it was not ready yet, or was killed because of a stop request."""


@dataclass(slots=True)
class _Run:
    """The step that the GPU process runs."""

    step: RunStep
    on_progress: Callable[[Progressed], None]
    on_file: Callable[[FileReady], None]
    outcome: "asyncio.Future[StepOutcome]"
    grace: StopGrace


class GpuChild:
    """A GPU process that is restarted whenever it ends; runs one step at a time."""

    def __init__(
        self, setup: Setup, observer: ChildObserver, timeouts: ChildTimeouts, command: Sequence[str] = CHILD_COMMAND
    ) -> None:
        self._setup = setup
        self._models: dict[str, ModelFiles | None] = {}
        """The models that the process has taken, and takes again after a restart."""
        self._answer: asyncio.Future[ModelAnswer] | None = None
        self._observer = observer
        self._timeouts = timeouts
        self._command = command
        self._child: ChildProcess | None = None
        self._available = asyncio.Event()
        self._missing = asyncio.Event()
        self._missing.set()
        self._kill_reason: str | None = None
        self._got_ready = False
        self._run: _Run | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Return the id of the running GPU process, if there is one."""
        return self._child.pid if self._child else None

    @property
    def is_available(self) -> bool:
        """Return whether the GPU process has its device and the models that it had before."""
        return self._available.is_set()

    async def available(self) -> None:
        """Wait until `is_available`."""
        await self._available.wait()

    async def missing_for(self, seconds: float) -> None:
        """Wait until the GPU process has been unavailable for this long without a break."""
        while True:
            await self._missing.wait()
            try:
                async with asyncio.timeout(seconds):
                    await self._available.wait()
            except TimeoutError:
                return

    async def keep_alive(self) -> None:
        """Start the process, and restart it with backoff whenever it ends; runs until cancelled."""
        backoff_s = _FIRST_BACKOFF_S
        while True:
            got_ready = await self._run_child_once()
            backoff_s = _FIRST_BACKOFF_S if got_ready else min(backoff_s * 2, _MAX_BACKOFF_S)
            await asyncio.sleep(backoff_s)

    async def add_model(self, name: str, files: ModelFiles | None) -> str | None:
        """Hand a model to the process between two steps; return why it cannot be used, None if it is ready.

        The process takes it again after each restart. A model whose load ends the process is refused, so that the
        others survive it.
        """
        while True:
            await self.available()
            async with self._one_at_a_time:
                if not self.is_available:
                    continue
                self._answer = asyncio.get_running_loop().create_future()
                try:
                    await self._send(AddModel(model=name, files=files))
                    answer = await self._answer
                except ChildLost as lost:
                    return lost.message
                finally:
                    self._answer = None
                if isinstance(answer, ModelRefused):
                    return answer.reason
                self._models[name] = files
                return None

    async def run(
        self,
        step: RunStep,
        *,
        stop: asyncio.Event,
        on_progress: Callable[[Progressed], None],
        on_file: Callable[[FileReady], None],
    ) -> StepOutcome:
        """Run one step once the process is free; raises ChildLost if the process ends during it.

        When `stop` is set, the step is asked to stop, and after at most `stop_s` (see `StopGrace`) its process is
        killed. The outcome is then StepHalted, unless the step finished first.
        """
        async with self._turn(stop):
            if not stop.is_set():
                await _until(asyncio.create_task(self.available()), stop)
            if stop.is_set():
                return StepHalted(run_id=step.run_id)
            if not self.is_available:
                raise ChildLost("it ended before the step began")
            loop = asyncio.get_running_loop()
            grace = StopGrace(self._timeouts.stop_s, loop.time)
            run = _Run(step, on_progress, on_file, loop.create_future(), grace)
            self._run = run
            try:
                await self._send(step)
                await _until(run.outcome, stop)
                return run.outcome.result() if run.outcome.done() else await self._halt(run)
            finally:
                self._run = None
                if not run.outcome.done():
                    # The caller was cancelled, so the process must not continue with the step.
                    await self._kill("its step was abandoned")

    @asynccontextmanager
    async def _turn(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """Wait until the process is free, or until `stop` is set."""
        turn = asyncio.create_task(self._one_at_a_time.acquire())
        try:
            await _until(turn, stop)
            await asyncio.wait({turn})  # it may be cancelled by now
            yield
        finally:
            turn.cancel()
            if turn.done() and not turn.cancelled():
                self._one_at_a_time.release()

    async def _halt(self, run: _Run) -> StepOutcome:
        await self._send(StopStep(run_id=run.step.run_id))
        await asyncio.wait({run.outcome}, timeout=run.grace.seconds)
        if not run.outcome.done():
            await self._kill("its step did not stop when asked to")
            await asyncio.wait({run.outcome})
        try:
            return run.outcome.result()
        except ChildLost:
            return StepHalted(run_id=run.step.run_id)

    async def _run_child_once(self) -> bool:
        """Run one process from its start to its end; return whether it became ready."""
        self._kill_reason = None
        child = self._child = await ChildProcess.start(self._command, self._setup.gpu)
        reason = None
        self._got_ready = False
        try:
            await child.send(self._setup.model_copy(update=self._known_models()))
            reason = await self._listen(child)
        finally:
            self._become_unavailable()
            self._child = None
            status = await child.end()
        # What ends the process while it takes a model is that model's fault.
        fault = self._got_ready and self._kill_reason is None and self._answer is None
        self._report_loss(self._kill_reason or reason or _describe(status), fault=fault)
        return self._got_ready

    def _known_models(self) -> dict[str, object]:
        return {} if self._setup.models is None else {"models": self._setup.models | self._models}

    async def _listen(self, child: ChildProcess) -> str | None:
        """Dispatch messages until the process ends (returns None) or has to be killed (returns the reason)."""
        wait_s = self._timeouts.start_s
        while True:
            try:
                async with asyncio.timeout(wait_s):
                    message = await child.receive()
            except TimeoutError:
                return f"no sign of life for {wait_s:g} s"
            except FrameTooLong:
                return "it sent a message that is too long"
            except ValidationError as error:
                fields = [".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)]
                log.error("The GPU process sent a message that is not valid", message=error.title, fields=fields[:10])
                return "it sent a message that is not valid"
            match message:
                case None:
                    return None
                case Ready():
                    wait_s = self._timeouts.silence_s
                    self._got_ready = True
                    self._available.set()
                    self._missing.clear()
                    self._observer.ready(message)
                case Heartbeat():
                    wait_s = self._timeouts.silence_s
                    self._observer.heartbeat(message)
                    if message.quiet_s > self._timeouts.stall_s:
                        return f"the step showed no sign of life for {message.quiet_s:.0f} s"
                case ModelLoaded():
                    self._observer.model_loaded(message)
                case ModelReady() | ModelRefused():
                    self._answered(message)
                case _:
                    self._dispatch(message)

    def _answered(self, answer: ModelAnswer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
        elif isinstance(answer, ModelRefused):
            self._models.pop(answer.model, None)
            self._observer.model_refused(answer)

    def _dispatch(self, message: Progressed | FileReady | StepOutcome) -> None:
        run = self._run
        if run is None or message.run_id != run.step.run_id:
            return
        match message:
            case Progressed():
                run.grace.reported(message.message)
                run.on_progress(message)
            case FileReady():
                run.on_file(message)
            case StepDone() | StepFailure() | StepHalted():
                if isinstance(message, StepFailure) and message.ends:
                    # A step that were sent now would be lost with the process.
                    self._become_unavailable()
                if not run.outcome.done():
                    run.outcome.set_result(message)

    def _become_unavailable(self) -> None:
        self._available.clear()
        self._missing.set()

    def _report_loss(self, reason: str, *, fault: bool) -> None:
        self._observer.lost(reason, fault=fault)
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ChildLost(reason))
        if self._run is not None and not self._run.outcome.done():
            self._run.outcome.set_exception(ChildLost(reason))

    async def _send(self, message: AddModel | RunStep | StopStep) -> None:
        if self._child is not None:
            await self._child.send(message)

    async def _kill(self, reason: str) -> None:
        if self._child is not None:
            self._kill_reason = reason
            await self._child.end()


async def _until(work: "asyncio.Future[Any]", stop: asyncio.Event) -> None:
    """Wait until `work` is done or `stop` is set; a task is cancelled."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if isinstance(work, asyncio.Task):
            work.cancel()


def _describe(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"it ended with status {status}"

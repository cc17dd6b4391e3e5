"""Keeps one child alive and gives it steps. What kills the child costs one attempt of one step, never the worker."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from gpu_worker.domain.failures import ChildLost
from gpu_worker.runtime.child_process import CHILD_COMMAND, ChildProcess
from gpu_worker.runtime.framing import FrameTooLong
from gpu_worker.runtime.messages import (
    Beat,
    FileReady,
    ModelLoaded,
    Progressed,
    Ready,
    RunStep,
    Setup,
    StepDone,
    StepHalted,
    StepOutcome,
    StepRefused,
    StopStep,
)

_FIRST_BACKOFF_S, _LONGEST_BACKOFF_S = 0.25, 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the parent waits for what, in seconds."""

    start_s: float = 3600.0
    silence_s: float = 20.0
    stall_s: float = 600.0
    stop_s: float = 8.0


class ChildObserver(Protocol):
    """Learns what happens to the child, for logs and metrics."""

    def ready(self, ready: Ready) -> None: ...

    def beat(self, beat: Beat) -> None: ...

    def model_loaded(self, loaded: ModelLoaded) -> None: ...

    def lost(self, reason: str) -> None: ...


@dataclass(slots=True)
class _Turn:
    """The step that the child has in hand."""

    step: RunStep
    on_progress: Callable[[Progressed], None]
    on_file: Callable[[FileReady], None]
    outcome: "asyncio.Future[StepOutcome]"


class GpuChild:
    """A child that is restarted whenever it ends."""

    def __init__(
        self, setup: Setup, observer: ChildObserver, patience: Patience, command: Sequence[str] = CHILD_COMMAND
    ) -> None:
        self._setup = setup
        self._observer = observer
        self._patience = patience
        self._command = command
        self._child: ChildProcess | None = None
        self._available = asyncio.Event()
        self._missing = asyncio.Event()
        self._missing.set()
        self._kill_reason: str | None = None
        self._turn: _Turn | None = None
        self._turns = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Return the process id of the child that runs, if one does."""
        return self._child.pid if self._child else None

    @property
    def is_available(self) -> bool:
        """Tell whether a child has its device and its preloaded models."""
        return self._available.is_set()

    async def available(self) -> None:
        """Wait until `is_available`."""
        await self._available.wait()

    async def missing_for(self, seconds: float) -> None:
        """Wait until no child has been available for so long."""
        while True:
            await self._missing.wait()
            try:
                async with asyncio.timeout(seconds):
                    await self._available.wait()
            except TimeoutError:
                return

    async def keep_alive(self) -> None:
        """Start the child, and start it again with backoff whenever it ends; runs until cancelled."""
        backoff_s = _FIRST_BACKOFF_S
        while True:
            got_ready = await self._live_once()
            backoff_s = _FIRST_BACKOFF_S if got_ready else min(backoff_s * 2, _LONGEST_BACKOFF_S)
            await asyncio.sleep(backoff_s)

    async def run(
        self,
        step: RunStep,
        *,
        stop: asyncio.Event,
        on_progress: Callable[[Progressed], None],
        on_file: Callable[[FileReady], None],
    ) -> StepOutcome:
        """Run one step when the child is free; raises ChildLost if the child does not survive it.

        When `stop` is set the step is asked to end, and after some grace its process is killed.
        """
        async with self._turns:
            await _until(asyncio.create_task(self.available()), stop)
            if stop.is_set():
                return StepHalted(run_id=step.run_id)
            if not self.is_available:
                raise ChildLost("it ended before the step began")
            turn = _Turn(step, on_progress, on_file, asyncio.get_running_loop().create_future())
            self._turn = turn
            try:
                await self._tell(step)
                await _until(turn.outcome, stop)
                return turn.outcome.result() if turn.outcome.done() else await self._halt(turn)
            finally:
                self._turn = None
                if not turn.outcome.done():
                    # The caller gave up: the child must not go on with a step that nobody waits for.
                    await self._kill("its step was abandoned")

    async def _halt(self, turn: _Turn) -> StepOutcome:
        await self._tell(StopStep(run_id=turn.step.run_id))
        await asyncio.wait({turn.outcome}, timeout=self._patience.stop_s)
        if not turn.outcome.done():
            await self._kill("its step did not stop when asked to")
            await asyncio.wait({turn.outcome})
        try:
            return turn.outcome.result()
        except ChildLost:
            return StepHalted(run_id=turn.step.run_id)

    async def _live_once(self) -> bool:
        """Serve one child from its start to its end; return whether it ever got ready."""
        self._kill_reason = None
        child = self._child = await ChildProcess.start(self._command)
        reason = None
        try:
            await child.send(self._setup)
            reason = await self._listen(child)
        finally:
            got_ready = self._available.is_set()
            self._available.clear()
            self._missing.set()
            self._child = None
            status = await child.end()
        self._bury(self._kill_reason or reason or _describe(status))
        return got_ready

    async def _listen(self, child: ChildProcess) -> str | None:
        """Dispatch messages until the child is gone (None), or has to go (the reason)."""
        wait_s = self._patience.start_s
        while True:
            try:
                async with asyncio.timeout(wait_s):
                    message = await child.receive()
            except TimeoutError:
                return f"no sign of life for {wait_s:g} s"
            except (FrameTooLong, ValidationError):
                return "it sent what is no message"
            match message:
                case None:
                    return None
                case Ready():
                    wait_s = self._patience.silence_s
                    self._available.set()
                    self._missing.clear()
                    self._observer.ready(message)
                case Beat():
                    self._observer.beat(message)
                    if message.quiet_s > self._patience.stall_s:
                        return f"the step showed no sign of life for {message.quiet_s:.0f} s"
                case ModelLoaded():
                    self._observer.model_loaded(message)
                case _:
                    self._dispatch(message)

    def _dispatch(self, message: Progressed | FileReady | StepOutcome) -> None:
        turn = self._turn
        if turn is None or message.run_id != turn.step.run_id:
            return
        match message:
            case Progressed():
                turn.on_progress(message)
            case FileReady():
                turn.on_file(message)
            case StepDone() | StepRefused() | StepHalted():
                if not turn.outcome.done():
                    turn.outcome.set_result(message)

    def _bury(self, reason: str) -> None:
        self._observer.lost(reason)
        if self._turn is not None and not self._turn.outcome.done():
            self._turn.outcome.set_exception(ChildLost(reason))

    async def _tell(self, message: RunStep | StopStep) -> None:
        if self._child is not None:
            await self._child.send(message)

    async def _kill(self, reason: str) -> None:
        if self._child is not None:
            self._kill_reason = reason
            await self._child.end()


async def _until(work: "asyncio.Future[Any]", stop: asyncio.Event) -> None:
    """Wait for `work`, but no longer than until `stop` is set."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        if isinstance(work, asyncio.Task):
            work.cancel()


def _describe(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"it ended with status {status}"

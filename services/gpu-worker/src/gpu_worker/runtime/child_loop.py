"""The loop of the GPU process: steps run on the main thread, one thread reads messages, one sends heartbeats."""

import os
import queue
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from darkroom_chassis.logs import get_logger
from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.models.files import ModelFiles
from gpu_worker.runtime.child_link import ChildLink, Send, StepLink
from gpu_worker.runtime.device_errors import broken_context
from gpu_worker.runtime.framing import receive_frame
from gpu_worker.runtime.messages import (
    TO_CHILD,
    AddModel,
    FromChild,
    Heartbeat,
    ModelReady,
    ModelRefused,
    Ready,
    RunStep,
    Setup,
    StepDone,
    StepFailure,
    StepHalted,
    StopStep,
)

log = get_logger(__name__)
_REMEMBERED_STOPS = 64
BROKEN_CONTEXT_STATUS = 70
"""Exit status after an error that broke the context of the device."""


class StepExecutor(Protocol):
    """Runs steps; implemented by `PipelineExecutor` and by a fake in tests."""

    def ready(self) -> Ready: ...

    def memory_bytes(self) -> int: ...

    def resident_models(self) -> tuple[str, ...]: ...

    def add_model(self, name: str, files: ModelFiles | None, link: StepLink) -> None: ...

    def run(self, step: RunStep, link: StepLink) -> StepDone: ...


MakeExecutor = Callable[[Setup, Send], StepExecutor]


class ChildLoop:
    """Serves the parent until it closes the socket."""

    def __init__(self, connection: socket.socket, make_executor: MakeExecutor) -> None:
        self._connection = connection
        self._link = ChildLink(connection)
        self._make_executor = make_executor
        self._waiting: queue.SimpleQueue[RunStep | AddModel] = queue.SimpleQueue()
        self._current: StepLink | None = None
        self._stopped: deque[str] = deque(maxlen=_REMEMBERED_STOPS)
        """Runs that were asked to stop, since a request may arrive before its run has begun."""

    def serve(self) -> None:
        """Read the setup, add its models, then run steps. The process ends when the parent closes its end."""
        setup = self._read()
        if not isinstance(setup, Setup):
            raise TypeError(f"expected the setup first, not {type(setup).__name__}")
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        executor = self._make_executor(setup, self._link.send)
        threading.Thread(
            target=self._send_heartbeats, args=(setup.heartbeat_s, executor), name="heartbeat", daemon=True
        ).start()
        for name, files in (setup.models or {}).items():
            self._add(AddModel(model=name, files=files), executor)
        self._link.send(executor.ready())
        while True:
            work = self._waiting.get()
            if isinstance(work, AddModel):
                self._add(work, executor)
                continue
            outcome = self._run(work, executor)
            self._link.send(outcome)
            if isinstance(outcome, StepFailure) and outcome.ends:
                _exit_with_broken_context()

    def _add(self, order: AddModel, executor: StepExecutor) -> None:
        """Offer a model. One that cannot be used is reported, and leaves the others as they are."""
        link = self._current = StepLink(f"add {order.model}", self._link.send)
        try:
            executor.add_model(order.model, order.files, link)
        except Failure as failure:
            self._link.send(ModelRefused(model=order.model, reason=failure.message))
        except Exception as error:
            log.exception("A model was not loaded for an unforeseen reason", model=order.model)
            reason = f"it was not loaded: {type(error).__name__}"
            self._link.send(ModelRefused(model=order.model, reason=reason))
            if broken_context(error) is not None:
                _exit_with_broken_context()
        else:
            self._link.send(ModelReady(model=order.model))
        finally:
            self._current = None

    def _run(self, step: RunStep, executor: StepExecutor) -> FromChild:
        link = StepLink(step.run_id, self._link.send)
        self._current = link
        if step.run_id in self._stopped:  # asked after `_current` was set, so no request falls between the two
            link.stop()
        try:
            link.check()
            return executor.run(step, link)
        except Stopped:
            return StepHalted(run_id=step.run_id)
        except Failure as failure:
            return StepFailure(
                run_id=step.run_id, code=failure.code, message=failure.message, retryable=failure.retryable
            )
        except Exception as error:
            log.exception("A step failed with an unexpected exception", run_id=step.run_id)
            return _failure(step.run_id, error)
        finally:
            self._current = None

    def _listen(self) -> None:
        while True:
            match self._read():
                case RunStep() | AddModel() as work:
                    self._waiting.put(work)
                case StopStep(run_id=run_id):
                    self._stopped.append(run_id)
                    current = self._current
                    if current is not None and current.run_id == run_id:
                        current.stop()
                case _:
                    # The parent has ended. Exit at once, even if the main thread is busy on the GPU.
                    os._exit(0)

    def _send_heartbeats(self, every_s: float, executor: StepExecutor) -> None:
        pause = threading.Event()
        memory_bytes, failed = 0, False
        models: tuple[str, ...] = ()
        while not pause.wait(every_s):
            # Without heartbeats the parent kills this process, so nothing that can fail may end the thread.
            try:
                memory_bytes, models = executor.memory_bytes(), executor.resident_models()
                failed = False
            except Exception:
                if not failed:
                    log.exception("The memory in use is unknown; heartbeats repeat the last values")
                failed = True
            current = self._current
            quiet_s = 0.0 if current is None else current.quiet_s
            with suppress(ConnectionError):  # the parent has ended; `_listen` ends the process
                self._link.send(Heartbeat(quiet_s=quiet_s, memory_bytes=memory_bytes, models=models))

    def _read(self) -> object:
        frame = receive_frame(self._connection)
        return None if frame is None else TO_CHILD.validate_json(frame)


def _exit_with_broken_context() -> None:
    sys.stdout.flush()
    # A normal exit would call the broken context again and may hang there.
    os._exit(BROKEN_CONTEXT_STATUS)


def _failure(run_id: str, error: Exception) -> StepFailure:
    """Report an unforeseen error: it fails this attempt, and ends the process only if it broke the device's context."""
    reason = broken_context(error)
    if reason is None:
        message = f"The pipeline failed with {type(error).__name__}"
        if isinstance(error, OSError) and error.errno is not None:
            message += f" ({os.strerror(error.errno)})"
        return StepFailure(run_id=run_id, code=StepErrorCode.INTERNAL, message=message, retryable=True)
    return StepFailure(
        run_id=run_id,
        code=StepErrorCode.DEVICE_ERROR,
        message=f"The device failed: {reason}",
        retryable=True,
        ends=True,
    )

"""Keeps requests from being sent a second time that cost money or change something."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar

from darkroom_queue import StopReason
from darkroom_schemas.errors import StepErrorCode

from gpu_worker.connectors.server_faults import Refused, Unreachable
from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.domain.ports import StepRun

T = TypeVar("T")
_WHY = "The request was or may have been carried out, so it is not sent again"
_MAX_MESSAGE_CHARS = 400


class Once:
    """A context manager around an attempt. It ends the step, instead of another attempt, once a request may count.

    That concerns what fails afterwards, such as an upload, and a worker that stops while the server works. Nothing is
    changed if `applies` is False: then requests may be repeated.
    """

    def __init__(self, run: StepRun, *, applies: bool) -> None:
        self._run, self._applies = run, applies
        self._counting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._applies or not self._counting:
            return
        if isinstance(error, Failure) and error.retryable:
            raise Failure(error.code, f"{error.message[:_MAX_MESSAGE_CHARS]}. {_WHY}") from error
        if isinstance(error, Stopped) and self._run.stop_reason == StopReason.SHUTDOWN:
            raise Failure(StepErrorCode.BACKEND, f"The worker stopped during the attempt. {_WHY}") from error

    async def send(self, work: Callable[[], Awaitable[T]]) -> T:
        """Send a request. It counts unless the server was not reached, or refused it."""
        self._counting += 1
        try:
            return await work()
        except (Refused, Unreachable):
            self._counting -= 1
            raise

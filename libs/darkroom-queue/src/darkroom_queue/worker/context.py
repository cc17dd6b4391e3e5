"""The context of a running step, passed to its handler."""

import asyncio
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any

from darkroom_schemas.channels import Preview
from darkroom_schemas.step import ClaimedStep, StepError, StepResult


class StopReason(StrEnum):
    """Why a handler must stop."""

    CANCELLED = "cancelled"
    LOST = "lost"
    """The lease is lost. The queue refuses any result of the handler."""
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"
    """The worker stops. The step is requeued."""


class StepFailed(Exception):
    """The attempt failed with `error`, which includes whether it is retryable."""

    def __init__(self, error: StepError) -> None:
        super().__init__(error.message)
        self.error = error


class StepStopped(Exception):
    """The handler stopped because `StepContext.stop` was set."""


class StepContext:
    """A claimed step. Its handler reports progress here, and learns when it must stop."""

    __slots__ = ("_on_progress", "_on_stop", "_stop", "latest", "preview", "step", "stop_reason")

    def __init__(
        self,
        step: ClaimedStep,
        *,
        on_progress: Callable[[], None] = lambda: None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self.step = step
        self._stop: asyncio.Event | None = None
        self.stop_reason: StopReason | None = None
        self.latest: tuple[float, str | None, int | None, int | None] | None = None
        self.preview: Preview | None = None
        self._on_progress, self._on_stop = on_progress, on_stop

    @property
    def stop(self) -> asyncio.Event:
        """Set when the handler must stop; `stop_reason` is the reason."""
        if self._stop is None:
            self._stop = asyncio.Event()
            if self.stop_reason is not None:
                self._stop.set()
        return self._stop

    def progress(
        self,
        percent: float,
        *,
        message: str | None = None,
        current_step: int | None = None,
        total_steps: int | None = None,
    ) -> None:
        """Set the progress (0 to 100). Cheap: the latest value is sent at most once a second."""
        self.latest = (min(100.0, max(0.0, percent)), message, current_step, total_steps)
        self._on_progress()

    def show_preview(self, preview: Preview) -> None:
        """Set the preview that the next and all later progress messages contain."""
        self.preview = preview

    def request_stop(self, reason: StopReason) -> None:
        """Ask the handler to stop. The first reason is final, except that a lost lease replaces it."""
        first = self.stop_reason is None
        if first or reason is StopReason.LOST:
            self.stop_reason = reason
        if first:
            self.stop.set()
            self._on_stop()


Handler = Callable[[StepContext], Coroutine[Any, Any, StepResult]]

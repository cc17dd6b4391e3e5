"""Errors that end an attempt.

Failure        the attempt failed; `code` and `retryable` tell the queue how to treat it
├─ ChildLost   the GPU process died or was killed; always retryable
└─ BackendAway the server of a back end could not be reached; always retryable
Stopped        the attempt was asked to stop, and stopped
ConnectorNotReady   readiness check only: a step could not start now
"""

from darkroom_schemas.errors import StepErrorCode

_MAX_MESSAGE_CHARS = 500

UNFORESEEN = frozenset({StepErrorCode.DEVICE_ERROR, StepErrorCode.WORKER_CRASHED, StepErrorCode.INTERNAL})
"""Codes of failures that say nothing about the step, so the device or the worker may be at fault."""


class Failure(Exception):
    """A failed attempt. The message is shown to the user who submitted the job, cut to 500 characters."""

    def __init__(self, code: StepErrorCode, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message[:_MAX_MESSAGE_CHARS]
        self.retryable = retryable


class ChildLost(Failure):
    """The GPU process ended during an attempt."""

    def __init__(self, reason: str) -> None:
        super().__init__(StepErrorCode.WORKER_CRASHED, f"The GPU process was lost: {reason}", retryable=True)


class BackendAway(Failure):
    """The server of a back end could not be reached, and has certainly not received the last request."""

    def __init__(self, reason: str) -> None:
        super().__init__(StepErrorCode.BACKEND, reason, retryable=True)


class Stopped(Exception):
    """The attempt stopped on request."""


class ConnectorNotReady(Exception):
    """A connector can't start a step now."""

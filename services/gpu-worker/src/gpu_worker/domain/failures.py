"""How an attempt can end other than well.

Failure        the attempt failed; `code` and `retryable` say what the queue should make of it
└─ ChildLost   the process that owns the GPU died or had to be killed; always worth another attempt
Stopped        the attempt was asked to stop, and did
ConnectorNotReady   readiness only: a step would have to wait
"""

from darkroom_schemas.errors import StepErrorCode

_LONGEST_MESSAGE = 500


class Failure(Exception):
    """A failed attempt, in words that may be shown to the user who ordered it."""

    def __init__(self, code: StepErrorCode, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message[:_LONGEST_MESSAGE]
        self.retryable = retryable


class ChildLost(Failure):
    """The GPU process is gone, and with it one attempt of one step."""

    def __init__(self, reason: str) -> None:
        super().__init__(StepErrorCode.WORKER_CRASHED, f"The GPU process was lost: {reason}", retryable=True)


class Stopped(Exception):
    """The attempt stopped because it was asked to."""


class ConnectorNotReady(Exception):
    """A connector cannot start a step now."""

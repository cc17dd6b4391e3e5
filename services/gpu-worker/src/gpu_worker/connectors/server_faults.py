"""Errors of requests to external servers, and what they mean for an attempt and for a readiness check.

ServerFault           a request had no usable answer
├─ Unreachable        no connection; the request was certainly not received
├─ ConnectionLost     the connection ended or was silent for too long; the request may have been received
├─ Refused            the server answered with a status of 400 or more
└─ BadAnswer          the answer is not what the protocol says: not JSON, cut, a redirect
   └─ TooLarge        the answer is larger than was allowed for it
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import BackendAway, ConnectorNotReady, Failure

BUSY = frozenset({429, 503})
"""Statuses of a server that did not process the request, and asks for a later repetition."""
_OUT_OF_MEMORY = re.compile(r"out ?of ?memory|more system memory", re.IGNORECASE)
_CREDENTIALS = frozenset({401, 403})
_OF_THE_REQUEST = frozenset({400, 413, 415, 422})
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524, 529})


class ServerFault(Exception):
    """A request had no usable answer. The text is a sentence for users, without URL and credentials."""


class Unreachable(ServerFault):
    """No connection could be made, so the request was not received."""


class ConnectionLost(ServerFault):
    """The connection ended before the answer did. The request may have been received."""


class Refused(ServerFault):
    """The server answered with a status of 400 or more. `body` is its JSON, if it is JSON."""

    def __init__(self, status: int, detail: str, body: Any, retry_after_s: float | None) -> None:
        super().__init__(f"HTTP {status}: {detail}" if detail else f"HTTP {status}")
        self.status, self.detail, self.body, self.retry_after_s = status, detail, body, retry_after_s


class BadAnswer(ServerFault):
    """The answer is not what the protocol says."""


class TooLarge(BadAnswer):
    """The answer is larger than was allowed for it."""


def failure_of(fault: ServerFault, *, repeatable: bool = True) -> Failure:
    """Return the failure of an attempt whose request ended like this.

    `repeatable`: the request may be sent again although the server may have received it.
    """
    match fault:
        case Unreachable():
            return BackendAway(str(fault))
        case TooLarge():
            return Failure(StepErrorCode.OUTPUT_TOO_LARGE, str(fault))
        case Refused(detail=detail) if _OUT_OF_MEMORY.search(detail):
            return Failure(StepErrorCode.OUT_OF_MEMORY, f"The server ran out of memory ({fault})", retryable=True)
        case Refused(status=status) if status in _CREDENTIALS:
            return Failure(StepErrorCode.BACKEND, f"The server refused the credentials ({fault})")
        case Refused(status=status) if status in _OF_THE_REQUEST:
            return Failure(StepErrorCode.INVALID_PAYLOAD, f"The server refused the request ({fault})")
        case Refused(status=status):
            retryable = status in BUSY or (repeatable and status in _MAY_PASS)
            return Failure(StepErrorCode.BACKEND, f"The server refused the request ({fault})", retryable=retryable)
        case _ if repeatable:
            return Failure(StepErrorCode.BACKEND, str(fault), retryable=True)
        case _:
            why = "The request may have been received, so it is not sent again"
            return Failure(StepErrorCode.BACKEND, f"{fault}. {why}")


@contextmanager
def readiness() -> Iterator[None]:
    """Turn a ServerFault into ConnectorNotReady, for `ping` and `discover`."""
    try:
        yield
    except Refused as fault:
        if fault.status in _CREDENTIALS:
            raise ConnectorNotReady(f"it refuses the credentials: {fault}") from fault
        raise ConnectorNotReady(f"it answers {fault}") from fault
    except ServerFault as fault:
        raise ConnectorNotReady(str(fault)) from fault

"""Retries of calls, after a lost connection or a response that asks for one."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar

import httpx

from darkroom_client.calls.call import Call
from darkroom_client.errors import NotReachable, error_of

T = TypeVar("T")

LATER = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
STILL_ANSWERED = "idempotency_in_progress"


@dataclass(frozen=True)
class Retries:
    """Limits of retries: their number, and the total time of their pauses in seconds.

    A pause is the service's `Retry-After`, or doubles from `first_pause_s`. A call that creates something is repeated
    with the same Idempotency-Key, so nothing is created or paid twice.
    """

    attempts: int = 4
    total_s: float = 60.0
    first_pause_s: float = 0.25

    def pause_s(self, number: int) -> float:
        """Return the pause before retry `number` (from 0) in seconds, without a Retry-After."""
        return self.first_pause_s * 2.0 ** min(number, 30)


NO_RETRIES = Retries(attempts=0)


class Attempts(Generic[T]):
    """The attempts of one call. The clients do the input and output."""

    def __init__(self, call: Call[T], retries: Retries) -> None:
        self._call = call
        self._retries = retries
        self._repeated = 0
        self._waited_s = 0.0
        self._was_cut = False

    def after_cut(self, error: httpx.TransportError, url: httpx.URL | str) -> float:
        """Return the pause before the next attempt in seconds. Raises `NotReachable` when the limit is reached."""
        self._was_cut = True
        pause_s = self._next_pause(None)
        if pause_s is None:
            raise unreachable(url, error) from error
        return pause_s

    def after_answer(self, response: httpx.Response) -> float | None:
        """Return the pause before the next attempt in seconds, or None if the response is final."""
        if response.is_success:
            return None
        error = error_of(response)
        if response.status_code in LATER or error.code == STILL_ANSWERED:
            return self._next_pause(error.retry_after)
        return None

    def result(self, response: httpx.Response) -> T:
        """Parse the final response, or raise the error that it contains."""
        if response.is_success:
            return self._call.result(response)
        if self._call.method == "DELETE" and self._was_cut and response.status_code == HTTPStatus.NOT_FOUND:
            return self._call.read(None)  # an earlier attempt, whose response was lost, has deleted it
        raise error_of(response)

    def _next_pause(self, asked_s: float | None) -> float | None:
        pause_s = self._retries.pause_s(self._repeated) if asked_s is None else asked_s
        if self._repeated >= self._retries.attempts or self._waited_s + pause_s > self._retries.total_s:
            return None
        self._repeated += 1
        self._waited_s += pause_s
        return pause_s


def unreachable(url: httpx.URL | str, error: httpx.TransportError) -> NotReachable:
    """Build the error for an address that does not respond, with a hint."""
    where = httpx.URL(url).copy_with(path="/", query=None, fragment=None)
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            hint = "Is that the right address, and does Darkroom run there? `darkroom up` starts it on this machine."
        case httpx.TimeoutException():
            hint = "It did not answer in time."
        case _:
            hint = "The connection was lost."
    return NotReachable(f"{where} can't be reached: {_reason(error)}. {hint}")


def _reason(error: Any) -> str:
    text = str(error).strip()
    if text.startswith("[Errno "):
        text = text.partition("] ")[2]
    elif text.startswith("[SSL: "):
        text = text.partition("] ")[2].partition(" (_ssl.c")[0]
    return text.rstrip(".") or type(error).__name__

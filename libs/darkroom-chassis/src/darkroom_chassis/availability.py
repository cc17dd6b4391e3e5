"""Circuit breaker: the requests of a process share what they observe of a server, so an outage does not slow them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from darkroom_chassis.logs import get_logger

log = get_logger(__name__)
ADVISORY_S = 0.1
"""Timeout of optional data, without which a request succeeds: rate limit counters, queue depths, estimates, workers."""
NEEDED_S = 2.0
"""Timeout of required data, without which a request fails with 503."""
AWAY_S = 5.0
"""After a timeout the server is not called for this long. Then one request probes it for all others."""
REFUSED_S = 0.5
"""The same after an error that arrives within this time: such probes are cheap."""
STRIKES = 2
"""Consecutive timeouts that count as an outage. A single one may be caused by load in this process."""

Answer = TypeVar("Answer")


class ServerUnavailable(Exception):
    """The server does not respond, or did not a moment ago."""


class Availability:
    """Calls one server on behalf of requests. `failures` are the exceptions that its client raises during an outage.

    The pause counts from the failure, not from the start of the failed call.
    """

    def __init__(
        self, server: str, failures: tuple[type[Exception], ...], *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._server, self._failures, self._now = server, failures, monotonic_s
        self._away_until: float | None = None
        self._probing = False
        self._timeouts = 0

    async def ask(self, call: Callable[[], Awaitable[Answer]], within_s: float = ADVISORY_S) -> Answer:
        """Return the result of `call`. Raises `ServerUnavailable` after `within_s`, or at once during an outage."""
        probe = self._away_until is not None
        if self._away_until is not None and (self._probing or self._now() < self._away_until):
            raise ServerUnavailable(f"{self._server} does not answer")
        self._probing = self._probing or probe
        asked_at = self._now()
        try:
            async with asyncio.timeout(within_s):
                answer = await call()
        except TimeoutError as error:
            self._timeouts += 1
            if probe or self._timeouts >= STRIKES:
                self._mark_away("TimeoutError", AWAY_S)
            raise ServerUnavailable(f"{self._server} does not answer") from error
        except self._failures as error:
            self._mark_away(type(error).__name__, REFUSED_S if self._now() - asked_at < REFUSED_S else AWAY_S)
            raise ServerUnavailable(f"{self._server} does not answer") from error
        finally:
            if probe:
                self._probing = False
        self._timeouts = 0
        if probe:
            self._away_until = None
            log.info("A server answers again", server=self._server)
        return answer

    def _mark_away(self, reason: str, for_s: float) -> None:
        if self._away_until is None:
            log.warning("A server does not answer; requests continue without it", server=self._server, reason=reason)
        self._away_until = self._now() + for_s

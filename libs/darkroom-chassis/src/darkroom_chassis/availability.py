"""Whether a server answers, as all of a process's requests have found it, so that an outage slows none of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from darkroom_chassis.logs import get_logger

log = get_logger(__name__)
ADVISORY_S = 0.1
"""Time for an answer that a request can do without: counts of rate limits, depths, estimates, workers."""
NEEDED_S = 2.0
"""Time for an answer without which the request is a 503."""
AWAY_S = 5.0
"""After a time-out nobody asks for so long; then one request does, for all."""
REFUSED_S = 0.5
"""The same after an error that came sooner: asking costs little then."""
STRIKES = 2
"""Time-outs in a row that count as a failure; a single one may be a busy moment of this process."""

Answer = TypeVar("Answer")


class ServerAway(Exception):
    """The server does not answer, or did not a moment ago."""


class Availability:
    """Asks one server on behalf of requests. `failures` are what its client raises while it is away.

    The time away counts from the failure, not from the call that failed.
    """

    def __init__(
        self, server: str, failures: tuple[type[Exception], ...], *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._server, self._failures, self._now = server, failures, monotonic_s
        self._away_until: float | None = None
        self._probing = False
        self._timeouts = 0

    async def ask(self, call: Callable[[], Awaitable[Answer]], within_s: float = ADVISORY_S) -> Answer:
        """Return the answer of `call`; raises `ServerAway` after `within_s`, and at once while the server is away."""
        probe = self._away_until is not None
        if self._away_until is not None and (self._probing or self._now() < self._away_until):
            raise ServerAway(f"{self._server} does not answer")
        self._probing = self._probing or probe
        asked_at = self._now()
        try:
            async with asyncio.timeout(within_s):
                answer = await call()
        except TimeoutError as error:
            self._timeouts += 1
            if probe or self._timeouts >= STRIKES:
                self._mark_away("TimeoutError", AWAY_S)
            raise ServerAway(f"{self._server} does not answer") from error
        except self._failures as error:
            self._mark_away(type(error).__name__, REFUSED_S if self._now() - asked_at < REFUSED_S else AWAY_S)
            raise ServerAway(f"{self._server} does not answer") from error
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
            log.warning("A server does not answer; requests go on without it", server=self._server, reason=reason)
        self._away_until = self._now() + for_s

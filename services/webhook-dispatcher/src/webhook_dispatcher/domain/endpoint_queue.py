"""How many attempts an endpoint may get now, and how the outcome of each changes that.

An endpoint gets more parallel attempts while it responds, fewer after time-outs and 429, and none for a while after
several failures in a row (a circuit breaker). The state is stored, so all replicas share it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from webhook_dispatcher.domain.delivery import Attempted

FIRST_PARALLEL = 8.0
BREAKER_FAILURES = 8
"""So many failures in a row pause an endpoint. After the pause it gets one attempt at a time until one succeeds."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=5)
DISABLED_AFTER = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Limits of an endpoint: parallel attempts, attempts per second (None: no limit), and whether order is kept."""

    parallel: int
    rate_per_s: float | None
    ordered: bool


@dataclass(frozen=True, slots=True)
class QueueState:
    """Stored state of an endpoint. `parallel` is the present number of parallel attempts, at least 1.

    `failures` counts failures in a row. `tokens` of the rate limit were left at `tokens_at`.
    """

    parallel: float = FIRST_PARALLEL
    failures: int = 0
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    tokens: float | None = None
    tokens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """Attempts that an endpoint may get now. `not_before` is when it may get more; None: whenever one is due."""

    attempts: int
    not_before: datetime | None
    state: QueueState

    def taken(self, attempts: int) -> QueueState:
        """Return the state after so many attempts were started."""
        if self.state.tokens is None:
            return self.state
        return replace(self.state, tokens=self.state.tokens - attempts)


def allowance(state: QueueState, limits: QueueLimits, *, leased: int, now: datetime, lease: timedelta) -> Allowance:
    """Return how many attempts may start now, beside `leased` ones that have a lease of at most `lease`."""
    if state.paused_until is not None and state.paused_until > now:
        return Allowance(0, state.paused_until, state)
    parallel = min(limits.parallel, int(state.parallel))
    if limits.ordered or state.failures >= BREAKER_FAILURES:
        parallel = 1
    room = max(0, parallel - leased)
    # The end of an attempt makes room and is recorded with a new due time. The lease is the limit if none is recorded.
    not_before = now + lease if leased + room >= parallel else None
    if limits.rate_per_s is None:
        return Allowance(room, not_before, replace(state, tokens=None, tokens_at=None))
    burst = max(1.0, limits.rate_per_s)
    tokens = burst
    if state.tokens is not None and state.tokens_at is not None:
        elapsed_s = max(0.0, (now - state.tokens_at) / timedelta(seconds=1))
        tokens = min(burst, state.tokens + elapsed_s * limits.rate_per_s)
    whole = int(tokens + 1e-9)
    if whole < room:
        not_before = now + timedelta(seconds=max(0.0, (whole + 1 - tokens) / limits.rate_per_s))
    return Allowance(min(room, whole), not_before, replace(state, tokens=tokens, tokens_at=now))


def after_attempt(state: QueueState, attempted: Attempted, *, limits: QueueLimits, now: datetime) -> QueueState:
    """Return the state after an attempt ended."""
    if attempted.delivered:
        grown = min(float(limits.parallel), state.parallel + 1 / max(1.0, state.parallel))
        return replace(state, parallel=grown, failures=0, failing_since=None, paused_until=None)
    since = state.failing_since or now
    if not attempted.unavailable:
        return replace(state, failing_since=since)
    failures = state.failures + 1
    slowed = attempted.timed_out or attempted.status == 429
    parallel = max(1.0, state.parallel / 2) if slowed else state.parallel
    paused_until = state.paused_until
    if attempted.status == 429 and attempted.retry_after_s:
        paused_until = _later(paused_until, now + min(timedelta(seconds=attempted.retry_after_s), LONGEST_PAUSE))
    if failures >= BREAKER_FAILURES:
        doublings = min(10, failures - BREAKER_FAILURES)
        paused_until = _later(paused_until, now + min(LONGEST_PAUSE, FIRST_PAUSE * 2**doublings))
    return replace(state, parallel=parallel, failures=failures, failing_since=since, paused_until=paused_until)


def failed_too_long(state: QueueState, now: datetime) -> bool:
    """Whether an endpoint has only failed for five days."""
    return state.failing_since is not None and now - state.failing_since >= DISABLED_AFTER


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)

"""Limits of an endpoint on a clock that the tests move."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from webhook_dispatcher.domain.delivery import TIMED_OUT, Attempted
from webhook_dispatcher.domain.endpoint_queue import (
    BREAKER_FAILURES,
    DISABLED_AFTER,
    LONGEST_PAUSE,
    QueueLimits,
    QueueState,
    after_attempt,
    allowance,
    failed_too_long,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=75)
LIMITS = QueueLimits(parallel=32, rate_per_s=None, ordered=False)
OK, DOWN, SLOW = Attempted(200, None, 0.1), Attempted(500, "HTTP 500", 0.1), Attempted(None, TIMED_OUT, 15.0)


def ended(state: QueueState, *outcomes: Attempted, now: datetime = NOW) -> QueueState:
    for outcome in outcomes:
        state = after_attempt(state, outcome, limits=LIMITS, now=now)
    return state


def allowed(state: QueueState, limits: QueueLimits = LIMITS, *, leased: int = 0, now: datetime = NOW) -> int:
    return allowance(state, limits, leased=leased, now=now, lease=LEASE).attempts


def test_attempts_under_way_count_against_the_limit() -> None:
    assert [allowed(QueueState(), leased=leased) for leased in (0, 5, 8, 20)] == [8, 3, 0, 0]


def test_an_endpoint_that_responds_gets_more_parallel_attempts_up_to_the_limit() -> None:
    assert allowed(ended(QueueState(), *[OK] * 10)) == 9
    assert allowed(ended(QueueState(), *[OK] * 10_000)) == LIMITS.parallel


def test_time_outs_and_429_slow_an_endpoint_down_to_one_attempt_at_a_time() -> None:
    assert allowed(ended(QueueState(), SLOW)) == 4
    assert allowed(ended(QueueState(), Attempted(429, "HTTP 429", 0.1))) == 4
    assert allowed(ended(QueueState(), *[SLOW] * 5)) == 1


def test_a_429_pauses_the_endpoint_for_as_long_as_it_asks() -> None:
    state = ended(QueueState(), Attempted(429, "HTTP 429", 0.1, retry_after_s=30))
    assert allowed(state, now=NOW + timedelta(seconds=29)) == 0
    assert allowed(state, now=NOW + timedelta(seconds=30)) == 4
    hostile = ended(QueueState(), Attempted(429, "HTTP 429", 0.1, retry_after_s=1e10))
    assert hostile.paused_until == NOW + LONGEST_PAUSE


def test_failures_in_a_row_open_the_breaker_and_one_success_closes_it() -> None:
    state = ended(QueueState(), *[DOWN] * BREAKER_FAILURES)
    assert allowed(state) == 0
    later = NOW + timedelta(seconds=10)
    assert allowed(state, now=later) == 1, "one attempt on trial"
    assert allowed(state, leased=1, now=later) == 0
    again = ended(state, DOWN, now=later)
    assert again.paused_until == later + timedelta(seconds=20), "the pause doubles"
    assert allowed(ended(again, OK, now=later)) == 8


def test_errors_in_the_request_do_not_open_the_breaker() -> None:
    assert allowed(ended(QueueState(), *[Attempted(400, "HTTP 400", 0.1)] * 50)) == 8


def test_five_days_of_failures_and_no_success_disable() -> None:
    state = ended(QueueState(), DOWN)
    assert not failed_too_long(ended(state, DOWN, now=NOW + DISABLED_AFTER / 2), NOW + DISABLED_AFTER / 2)
    assert failed_too_long(ended(state, DOWN, now=NOW + DISABLED_AFTER), NOW + DISABLED_AFTER)
    healed = ended(ended(state, OK, now=NOW + timedelta(days=4)), DOWN, now=NOW + DISABLED_AFTER)
    assert not failed_too_long(healed, NOW + DISABLED_AFTER)


def test_an_ordered_endpoint_gets_one_attempt_at_a_time() -> None:
    ordered = QueueLimits(parallel=32, rate_per_s=None, ordered=True)
    assert [allowed(QueueState(), ordered, leased=leased) for leased in (0, 1)] == [1, 0]


@given(
    rate_per_s=st.floats(0.1, 50),
    gaps_ms=st.lists(st.integers(0, 2_000), min_size=1, max_size=60),
)
def test_no_more_attempts_start_than_the_rate_allows_and_none_starves(rate_per_s: float, gaps_ms: list[int]) -> None:
    limits = QueueLimits(parallel=1000, rate_per_s=rate_per_s, ordered=False)
    state, now, started = QueueState(parallel=1000), NOW, 0
    for gap_ms in gaps_ms:
        now += timedelta(milliseconds=gap_ms)
        got = allowance(state, limits, leased=0, now=now, lease=LEASE)
        state, started = got.taken(got.attempts), started + got.attempts
        elapsed_s = (now - NOW) / timedelta(seconds=1)
        assert started <= max(1.0, rate_per_s) + rate_per_s * elapsed_s + 1e-6
        assert got.not_before is not None
        assert got.not_before - now <= timedelta(seconds=1 / rate_per_s + 0.001)
        after = allowance(state, limits, leased=0, now=got.not_before + timedelta(microseconds=2), lease=LEASE)
        assert after.attempts >= 1

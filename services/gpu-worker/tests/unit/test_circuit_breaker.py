"""A device that keeps failing gets no steps for a time, then one on trial, and never stays out for good."""

from gpu_worker.domain.circuit_breaker import BreakerLimits, Circuit, CircuitBreaker
from hypothesis import given
from hypothesis import strategies as st


class Clock:
    """Stands still until moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_three_failures_in_a_row_open_the_circuit() -> None:
    breaker = CircuitBreaker(Clock())
    for reason in ("one", "two"):
        breaker.failed(reason)
    assert breaker.state is Circuit.CLOSED
    breaker.failed("three")
    assert (breaker.state, breaker.pause_s) == (Circuit.OPEN, 30.0)
    assert breaker.reason == "3 steps in a row failed, the last one with: three"


def test_a_success_between_failures_resets_the_count() -> None:
    breaker = CircuitBreaker(Clock())
    for _ in range(5):
        breaker.failed("no")
        breaker.failed("no")
        breaker.succeeded()
    assert breaker.state is Circuit.CLOSED


def test_three_losses_within_ten_minutes_open_the_circuit_whatever_succeeds_between() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock)
    for _ in range(2):
        breaker.lost("signal 11")
        breaker.succeeded()
        clock.now_s += 300
    breaker.lost("signal 11")
    assert breaker.state is Circuit.OPEN
    assert breaker.reason == "the GPU process was lost 3 times in 600 s, last: signal 11"


def test_losses_that_lie_further_apart_do_not() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock)
    for _ in range(10):
        breaker.lost("signal 11")
        clock.now_s += 301
    assert breaker.state is Circuit.CLOSED


def test_a_success_on_trial_closes_the_circuit_and_forgets_the_past() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock)
    for _ in range(3):
        breaker.lost("signal 11")
    clock.now_s += 30
    assert breaker.state.value == "half_open"
    breaker.succeeded()
    assert (breaker.state, breaker.reason) == (Circuit.CLOSED, None)
    breaker.lost("signal 11")
    breaker.failed("no")
    assert breaker.state is Circuit.CLOSED


def test_each_fault_on_trial_doubles_the_pause_up_to_the_longest() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock)
    for _ in range(3):
        breaker.failed("no")
    pauses = []
    for _ in range(8):
        pauses.append(breaker.pause_s)
        clock.now_s += breaker.pause_s
        breaker.failed("no")
    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]


def test_a_step_that_began_before_the_circuit_opened_changes_nothing() -> None:
    breaker = CircuitBreaker(Clock())
    for _ in range(3):
        breaker.failed("no")
    breaker.succeeded()
    assert breaker.state is Circuit.OPEN
    breaker.lost("signal 11")
    breaker.failed("no")
    assert breaker.pause_s == 30.0


@given(st.lists(st.one_of(st.sampled_from(["succeeded", "failed", "lost"]), st.floats(0, 2000)), max_size=200))
def test_no_history_keeps_a_working_device_out_for_longer_than_the_longest_pause(history: list[str | float]) -> None:
    clock, limits = Clock(), BreakerLimits()
    breaker = CircuitBreaker(clock, limits)
    for event in history:
        match event:
            case "succeeded":
                breaker.succeeded()
            case "failed":
                breaker.failed("no")
            case "lost":
                breaker.lost("no")
            case float():
                clock.now_s += event
        assert 0 <= breaker.pause_s <= limits.longest_pause_s
        assert (breaker.reason is None) == (breaker.state is Circuit.CLOSED)
    clock.now_s += breaker.pause_s
    breaker.succeeded()
    assert breaker.state is Circuit.CLOSED

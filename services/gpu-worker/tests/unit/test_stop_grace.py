"""A stopped step gets as much time as its own pace asks for, and never more than the queue allows."""

from gpu_worker.domain.stop_grace import StopGrace
from hypothesis import given
from hypothesis import strategies as st


class Clock:
    """Stands still until moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def grace_after(*reports: tuple[str, float], longest_s: float = 8.0) -> float:
    clock = Clock()
    grace = StopGrace(longest_s, clock)
    for stage, after_s in reports:
        clock.now_s += after_s
        grace.reported(stage)
    return grace.seconds


def test_before_a_stage_has_reported_twice_nothing_is_known() -> None:
    assert grace_after() == 8.0
    assert grace_after(("load", 1)) == 8.0
    assert grace_after(("denoise", 1), ("denoise", 0.1), ("store", 0.1)) == 8.0


def test_the_longest_pause_of_the_stage_decides() -> None:
    assert grace_after(("denoise", 1), ("denoise", 1.5), ("denoise", 0.5)) == 4.5


def test_a_fast_step_still_gets_two_seconds() -> None:
    assert grace_after(("denoise", 1), ("denoise", 0.01)) == 2.0


def test_a_slow_step_gets_no_more_than_the_queue_allows() -> None:
    assert grace_after(("denoise", 1), ("denoise", 20)) == 8.0


@given(st.lists(st.tuples(st.sampled_from(["load", "denoise"]), st.floats(0, 1000))), st.floats(0.1, 10))
def test_no_reports_lead_out_of_the_bounds(reports: list[tuple[str, float]], longest_s: float) -> None:
    assert min(2.0, longest_s) <= grace_after(*reports, longest_s=longest_s) <= longest_s

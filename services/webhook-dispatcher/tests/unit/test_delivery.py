import pytest
from hypothesis import given
from hypothesis import strategies as st
from webhook_dispatcher.domain.delivery import Attempted, DeliveryStatus, judge
from webhook_dispatcher.domain.schedule import LONGEST_RETRY_AFTER_S
from webhook_dispatcher.settings import STANDARD_SCHEDULE_S

SCHEDULE = (0.0, 10.0, 100.0)


def answered(status: int | None, retry_after_s: float | None = None) -> Attempted:
    return Attempted(status, None, 0.1, retry_after_s)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    assert judge(answered(status), attempts_made=1, schedule_s=SCHEDULE).status is DeliveryStatus.DELIVERED


@pytest.mark.parametrize("status", [None, 301, 400, 429, 500])
def test_anything_else_is_tried_again_within_the_jitter(status: int | None) -> None:
    verdict = judge(answered(status), attempts_made=1, schedule_s=SCHEDULE)
    assert verdict.status is DeliveryStatus.PENDING
    assert verdict.delay_s is not None
    assert 8 <= verdict.delay_s <= 12


def test_a_used_up_schedule_fails_the_delivery() -> None:
    verdict = judge(answered(500), attempts_made=3, schedule_s=SCHEDULE)
    assert (verdict.status, verdict.delay_s) == (DeliveryStatus.FAILED, None)


def test_gone_disables_the_endpoint_at_once() -> None:
    verdict = judge(answered(410), attempts_made=1, schedule_s=SCHEDULE)
    assert (verdict.status, verdict.disable_endpoint) == (DeliveryStatus.FAILED, True)


@given(
    statuses=st.lists(st.sampled_from([None, 301, 404, 408, 429, 500, 503]), min_size=10, max_size=10),
    waits=st.lists(st.none() | st.floats(0, 1e12), min_size=10, max_size=10),
)
def test_the_schedule_is_kept_whatever_a_receiver_answers(
    statuses: list[int | None], waits: list[float | None]
) -> None:
    """A clock is moved from attempt to attempt: ten are made, each in its place, and none later than a day and 20 %."""
    now_s, made = 0.0, 0
    for status, retry_after_s, planned_s in zip(statuses, waits, (*STANDARD_SCHEDULE_S[1:], None), strict=True):
        made += 1
        verdict = judge(answered(status, retry_after_s), attempts_made=made, schedule_s=STANDARD_SCHEDULE_S)
        if planned_s is None:
            assert (verdict.status, verdict.delay_s) == (DeliveryStatus.FAILED, None)
            break
        assert verdict.delay_s is not None
        asked_s = min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
        assert max(0.8 * planned_s, asked_s) <= verdict.delay_s <= max(1.2 * planned_s, asked_s)
        now_s += verdict.delay_s
    assert made == len(STANDARD_SCHEDULE_S) == 10
    assert now_s <= 9 * 1.2 * 86_400

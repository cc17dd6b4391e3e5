from datetime import UTC, datetime, timedelta

import pytest
from webhook_dispatcher.domain.delivery import Attempted, DeliveryStatus, judge

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCHEDULE = (0.0, 10.0, 100.0)


def answered(status: int | None, retry_after_s: float | None = None) -> Attempted:
    return Attempted(status, None, 0.1, retry_after_s)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    assert judge(answered(status), attempts_made=1, schedule_s=SCHEDULE, now=NOW).status is DeliveryStatus.DELIVERED


@pytest.mark.parametrize("status", [None, 301, 400, 429, 500])
def test_anything_else_is_tried_again_within_the_jitter(status: int | None) -> None:
    verdict = judge(answered(status), attempts_made=1, schedule_s=SCHEDULE, now=NOW)
    assert verdict.status is DeliveryStatus.PENDING
    assert verdict.next_at is not None
    assert timedelta(seconds=8) <= verdict.next_at - NOW <= timedelta(seconds=12)


def test_a_used_up_schedule_fails_the_delivery() -> None:
    verdict = judge(answered(500), attempts_made=3, schedule_s=SCHEDULE, now=NOW)
    assert (verdict.status, verdict.next_at) == (DeliveryStatus.FAILED, None)


def test_gone_disables_the_endpoint_at_once() -> None:
    verdict = judge(answered(410), attempts_made=1, schedule_s=SCHEDULE, now=NOW)
    assert (verdict.status, verdict.disable_endpoint) == (DeliveryStatus.FAILED, True)


def test_retry_after_only_makes_the_delay_longer() -> None:
    longer = judge(answered(429, 60), attempts_made=1, schedule_s=SCHEDULE, now=NOW).next_at
    shorter = judge(answered(429, 1), attempts_made=1, schedule_s=SCHEDULE, now=NOW).next_at
    assert longer == NOW + timedelta(seconds=60)
    assert shorter is not None
    assert shorter - NOW >= timedelta(seconds=8)

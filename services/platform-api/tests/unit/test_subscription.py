"""A listener's buffer: events in order, progress only the latest, and an end for those who are too slow."""

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, JobId, StepId, TenantId, WorkerId
from platform_api.domain.streams.subscription import MAX_BUFFERED, Closed, Heartbeat, Reset, Subscription

AT_ONCE_S = 0.01


def event(seq: int) -> Event:
    return Event(id=f"0-1-1-{seq}", type="job.updated", job_id=JobId("j"), tenant=TenantId("t"), at_ms=seq)


def progress(percent: float) -> ProgressMessage:
    return ProgressMessage(
        job_id=JobId("j"), step_id=StepId("j:1:00"), worker_id=WorkerId("w"), progress=percent, at_ms=1
    )


async def test_events_come_in_order_and_before_progress() -> None:
    subscription = Subscription()
    subscription.offer_progress(progress(10))
    for seq in (1, 2):
        subscription.offer([event(seq)])
    assert [await subscription.next(AT_ONCE_S) for _ in range(3)] == [event(1), event(2), progress(10)]


async def test_only_the_latest_progress_is_retained() -> None:
    subscription = Subscription()
    for percent in (10, 20, 30):
        subscription.offer_progress(progress(percent))
    assert await subscription.next(AT_ONCE_S) == progress(30)
    assert isinstance(await subscription.next(AT_ONCE_S), Heartbeat)


async def test_quiet_is_reported_only_after_the_timeout() -> None:
    subscription = Subscription()
    subscription.offer([event(1)])
    assert await subscription.next(60) == event(1)
    assert isinstance(await subscription.next(AT_ONCE_S), Heartbeat)


async def test_listener_that_is_too_far_behind_is_closed_after_what_it_had() -> None:
    subscription = Subscription()
    for seq in range(MAX_BUFFERED + 5):
        subscription.offer([event(seq)])
    sent = [await subscription.next(AT_ONCE_S) for _ in range(MAX_BUFFERED + 1)]
    assert sent[:-1] == [event(seq) for seq in range(MAX_BUFFERED)]
    assert isinstance(sent[-1], Closed)


async def test_gap_keeps_its_place_among_the_events() -> None:
    subscription = Subscription()
    subscription.offer([event(1)])
    subscription.reset(EventId(0, 1, 1, 1))
    subscription.offer([event(2)])
    assert [type(await subscription.next(AT_ONCE_S)) for _ in range(3)] == [Event, Reset, Event]

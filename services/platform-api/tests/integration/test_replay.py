"""What a listener missed is read from the log to its very end."""

import pytest
from darkroom_queue import EventLog, Producer, QueueClient
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import JobId, TenantId, UserId
from platform_api.clients.replay import MAX_EVENTS, LogReplay
from platform_api.domain.streams.replay import EventsLost

ANNA, BEN = "anna", "ben"


def emission(number: int) -> Emission:
    tenant = TenantId(ANNA if number % 2 else BEN)
    return Emission(outbox_id=number, type=EventType.JOB_CREATED, job_id=JobId(f"j{number}"), tenant=tenant, data={})


async def test_all_that_was_missed_is_told_however_the_log_holds_it(link: QueueClient) -> None:
    producer, since = Producer(link), await EventLog(link).beginning()
    for number in range(600):  # an entry of the log each
        await producer.emit([emission(number)])
    await producer.emit([emission(number) for number in range(600, 3000)])
    sent = [event.job_id async for event in LogReplay(link).read_user(UserId(ANNA), since)]
    assert sent == [f"j{number}" for number in range(3000) if number % 2]


async def test_a_listener_who_missed_too_much_is_told_so(link: QueueClient) -> None:
    producer, since = Producer(link), await EventLog(link).beginning()
    for first in range(0, MAX_EVENTS + 1000, 1000):
        await producer.emit([emission(number) for number in range(first, first + 1000)])
    with pytest.raises(EventsLost):
        [event async for event in LogReplay(link).read_user(UserId(ANNA), since)]

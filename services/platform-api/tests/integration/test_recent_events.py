"""Clients that resume get what they missed, to the end of the log, and share what is read for it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from darkroom_queue import EventFanout, EventLog, Producer, QueueClient
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import EventId, JobId, TenantId, UserId
from platform_api.clients.recent_events import MAX_EVENTS, MAX_STORED, RecentEvents
from platform_api.domain.streams.replay import EventsLost
from support.waiting import until

ANNA, BEN = "anna", "ben"


def emission(number: int, tenants: Sequence[str] = (BEN, ANNA)) -> Emission:
    tenant = TenantId(tenants[number % len(tenants)])
    return Emission(outbox_id=number, type=EventType.JOB_CREATED, job_id=JobId(f"j{number}"), tenant=tenant, data={})


@asynccontextmanager
async def recording(link: QueueClient) -> AsyncIterator[RecentEvents]:
    fanout = EventFanout(link)
    recent = RecentEvents(link, fanout)
    tasks = [asyncio.create_task(fanout.run()), asyncio.create_task(recent.run())]

    async def has_started() -> bool:
        return len(list(fanout.listeners())) == 1

    await until(has_started)
    yield recent
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def jobs_of(recent: RecentEvents, user: str, since: EventId) -> list[str]:
    return [event.job_id async for event in recent.read_user(UserId(user), since)]


async def log_reads(link: QueueClient) -> int:
    """Return how often the log was read without waiting for events."""
    statistics = await link.redis_py.info("commandstats")
    return int(statistics.get("cmdstat_xread", {}).get("calls", 0))


async def test_all_missed_events_are_sent_for_any_size_of_entries(link: QueueClient) -> None:
    producer, since = Producer(link), await EventLog(link).beginning()
    for number in range(600):  # an entry of the log each
        await producer.emit([emission(number)])
    await producer.emit([emission(number) for number in range(600, 3000)])
    expected = [f"j{number}" for number in range(3000) if number % 2]
    assert await jobs_of(RecentEvents(link, EventFanout(link)), ANNA, since) == expected, "before the first read"
    async with recording(link) as recent:
        assert await jobs_of(recent, ANNA, since) == expected


async def test_users_who_reconnect_at_once_share_one_read_of_the_log(link: QueueClient) -> None:
    users = [f"user{number}" for number in range(500)]
    producer, since = Producer(link), await EventLog(link).beginning()
    await producer.emit([emission(number, users) for number in range(2000)])
    async with recording(link) as recent:
        before = await log_reads(link)
        missed = await asyncio.gather(*(jobs_of(recent, user, since) for user in users))
        assert missed == [[f"j{n}" for n in range(2000) if n % 500 == user] for user in range(500)]
        assert await log_reads(link) - before < 20
        await producer.emit([emission(number, users) for number in range(2000, 2500)])

        async def has_new_ones() -> bool:
            return (await jobs_of(recent, "user7", since))[-1:] == ["j2007"]

        await until(has_new_ones)


async def test_events_beyond_the_stored_ones_come_from_the_log(link: QueueClient) -> None:
    producer, since = Producer(link), await EventLog(link).beginning()
    async with recording(link) as recent:
        await producer.emit([emission(number) for number in range(1000)])
        latest_but_some = await EventLog(link).tail()
        await producer.emit([emission(number) for number in range(1000, MAX_STORED + 1000)])
        latest = await EventLog(link).tail()

        async def has_last() -> bool:
            return (await jobs_of(recent, ANNA, latest_but_some))[-1:] == [f"j{MAX_STORED + 999}"]

        await until(has_last)
        expected = [f"j{number}" for number in range(MAX_STORED + 1000) if number % 2]
        assert await jobs_of(recent, ANNA, since) == expected
        assert await jobs_of(recent, ANNA, latest) == []


async def test_a_client_that_missed_too_many_events_gets_a_reset(link: QueueClient) -> None:
    producer, since = Producer(link), await EventLog(link).beginning()
    for first in range(0, MAX_EVENTS + 1000, 1000):
        await producer.emit([emission(number) for number in range(first, first + 1000)])
    async with recording(link) as recent:
        with pytest.raises(EventsLost):
            await jobs_of(recent, ANNA, since)
        before = await log_reads(link)
        with pytest.raises(EventsLost):
            await jobs_of(recent, BEN, since)
        assert await log_reads(link) - before <= 1, "the second client does not have the log read again"

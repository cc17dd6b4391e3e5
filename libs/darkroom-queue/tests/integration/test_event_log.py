"""The log as a reader sees it: places inside an entry, limits, and a server that lost everything."""

import pytest
from darkroom_queue import EventLog, LogTruncated, Producer, QueueClient, Sweeper
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import EventId, JobId, TenantId
from support.steps import make_step


async def emit(link: QueueClient, number: int) -> EventId:
    """Append one event of a job."""
    event = Emission(outbox_id=number, type=EventType.JOB_UPDATED, job_id=JobId("j"), tenant=TenantId("t"))
    return (await Producer(link).emit([event]))[0]


async def test_the_events_of_one_call_share_an_entry_and_each_is_a_place_of_its_own(link: QueueClient) -> None:
    steps = [make_step() for _ in range(5)]
    await Producer(link).submit_many(steps)
    assert await link.command("XLEN", link.keys.log) == 1
    log = EventLog(link)
    everything = await log.read(None)
    assert [event.step_id for event in everything] == [step.id for step in steps]
    for number, event in enumerate(everything):
        rest = await EventLog(link).read(EventId.parse(event.id))
        assert [later.id for later in rest] == [later.id for later in everything[number + 1 :]]


async def test_a_limit_inside_an_entry_loses_nothing(link: QueueClient) -> None:
    steps = [make_step() for _ in range(7)]
    await Producer(link).submit_many(steps)
    log, after, seen = EventLog(link), None, []
    while page := await log.read(after, count=3):
        assert len(page) <= 3
        seen += [event.step_id for event in page]
        after = EventId.parse(page[-1].id)
    assert seen == [step.id for step in steps]


async def test_many_events_of_one_call_are_split_and_stay_in_order(link: QueueClient) -> None:
    events = [
        Emission(outbox_id=n, type=EventType.JOB_UPDATED, job_id=JobId(f"j{n}"), tenant=TenantId("t"))
        for n in range(1201)
    ]
    ids = await Producer(link).emit(events)
    assert ids == sorted(set(ids))
    assert await link.command("XLEN", link.keys.log) == 3
    assert [event.id for event in await EventLog(link).read(None, count=5000)] == [str(place) for place in ids]


async def test_the_tail_is_the_last_event_and_a_reader_waits_there(link: QueueClient) -> None:
    await Producer(link).submit_many([make_step() for _ in range(3)])
    log = EventLog(link)
    tail = await log.tail()
    assert await log.read(tail, block_ms=20) == []
    last = await emit(link, 1)
    assert [event.id for event in await log.read(tail, block_ms=5000)] == [str(last)]


@pytest.mark.parametrize("reconnects", [False, True])
async def test_a_server_that_lost_everything_begins_an_epoch_of_its_own(
    link: QueueClient, redis_url: str, *, reconnects: bool
) -> None:
    place, log = await emit(link, 1), EventLog(link)
    assert await log.read(place) == []
    await link.redis_py.flushall()
    other = await QueueClient.open(redis_url) if reconnects else link
    lost = await emit(other, 2)
    assert lost.epoch > place.epoch
    with pytest.raises(LogTruncated):
        await log.read(place)
    assert (await log.tail()).epoch == await link.epoch()
    later = await emit(link, 3)
    assert [event.id for event in await log.read(await log.rejoin(lost))] == [str(later)]
    if reconnects:
        await other.close()


async def fill(link: QueueClient, entries: int) -> list[EventId]:
    """Append that many entries, each as large as to fill a node of the stream by itself: trimming goes by nodes."""
    events = [
        Emission(
            outbox_id=n, type=EventType.JOB_UPDATED, job_id=JobId("j"), tenant=TenantId("t"), data={"x": "y" * 5000}
        )
        for n in range(entries)
    ]
    return [(await Producer(link).emit([event]))[0] for event in events]


async def test_the_log_keeps_what_a_named_reader_has_not_read(link: QueueClient) -> None:
    places = await fill(link, 20)
    sweeper = Sweeper(link, retention_s=0)
    await EventLog(link, "slow").read(places[9])
    await sweeper.sweep()
    assert len(await EventLog(link).read(places[9])) == 10
    await link.command("HSET", link.keys.readers, "slow", f"{places[9].ms}\t1")  # it has said nothing for ages
    await fill(link, 40)  # the server trims a node at a time, and only whole ones
    await sweeper.sweep()
    with pytest.raises(LogTruncated):
        await EventLog(link).read(places[9])


async def test_the_log_stays_within_its_bytes_despite_lagging_readers(link: QueueClient) -> None:
    places = await fill(link, 60)
    await EventLog(link, "slow").read(places[0])
    await Sweeper(link, log_max_bytes=100_000).sweep()
    assert await link.command("MEMORY", "USAGE", link.keys.log) < 150_000
    with pytest.raises(LogTruncated):
        await EventLog(link).read(places[0])
    assert (await EventLog(link).read(await EventLog(link).beginning()))[-1].id == str(places[-1])


async def test_a_reader_that_rejoins_after_a_restart_gets_all_that_the_restart_left(link: QueueClient) -> None:
    places = [await emit(link, number) for number in range(3)]
    await link.command("HSET", link.keys.meta, "run", "an earlier run of the server")
    link.forget_epoch()
    after_restart = await emit(link, 3)
    log = EventLog(link)
    with pytest.raises(LogTruncated):
        await log.read(places[0])
    received = [event.type for event in await log.read(await log.rejoin(places[0]))]
    assert received == ["job.updated", "job.updated", "log.reset", "job.updated"]
    assert after_restart.epoch == places[0].epoch + 1
    await link.command("XTRIM", link.keys.log, "MAXLEN", 1)
    with pytest.raises(LogTruncated):
        await log.rejoin(places[0])


async def test_a_reader_that_was_at_the_end_of_an_emptied_log_has_missed_nothing(link: QueueClient) -> None:
    before, last = await emit(link, 1), await emit(link, 2)
    await link.command("XTRIM", link.keys.log, "MAXLEN", 0)
    new = await emit(link, 3)
    assert [event.id for event in await EventLog(link).read(last)] == [str(new)]
    with pytest.raises(LogTruncated):
        await EventLog(link).read(before)

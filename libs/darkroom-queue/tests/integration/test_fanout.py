import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import cycle, islice, takewhile
from pathlib import Path

import pytest
from darkroom_queue import RESET, EventFanout, EventLog, Followed, Producer, QueueClient
from darkroom_queue.log.fanout import ALL, BUFFER
from darkroom_schemas.events import Emission, Event, EventType
from darkroom_schemas.ids import EventId, JobId, TenantId
from support.redis_servers import MortalServer
from support.waiting import until

JOB = JobId("j1")


def emission(number: int, job_id: JobId = JOB) -> Emission:
    return Emission(
        outbox_id=number, type=EventType.JOB_UPDATED, job_id=job_id, tenant=TenantId("t"), data={"n": number}
    )


async def emit(link: QueueClient, number: int, job_id: JobId = JOB) -> EventId:
    [event_id] = await Producer(link).emit([emission(number, job_id)])
    return event_id


@pytest.fixture
async def fanout(link: QueueClient) -> AsyncIterator[EventFanout]:
    fanout = EventFanout(link)
    task = asyncio.create_task(fanout.run())
    yield fanout
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def numbers_of(events: AsyncIterator[Followed], until: Callable[[int], bool]) -> list[int]:
    """Take numbers until one satisfies `until`."""
    taken: list[int] = []
    async with asyncio.timeout(10):
        async for event in events:
            assert isinstance(event, Event)
            taken.append(event.data["n"])
            if until(taken[-1]):
                break
    return taken


@pytest.mark.parametrize("job_id", [JOB, None])
async def test_a_follower_resumes_without_a_gap_or_a_double_while_events_go_on(
    link: QueueClient, fanout: EventFanout, job_id: JobId | None
) -> None:
    seen = await emit(link, 0)
    for number in range(1, 50):
        await emit(link, number)

    async def keep_emitting() -> None:
        for number in range(50, 100):
            await emit(link, number)

    emitting = asyncio.create_task(keep_emitting())
    taken = await numbers_of(fanout.follow(since=seen, job_id=job_id), lambda n: n == 99)
    await emitting
    assert taken == list(range(1, 100))


async def test_a_replay_longer_than_the_buffer_misses_nothing(link: QueueClient, fanout: EventFanout) -> None:
    since, total = await emit(link, 0), BUFFER + 500
    await Producer(link).emit([emission(number) for number in range(1, total)])
    events = fanout.follow(since=since)
    taken = await numbers_of(events, lambda n: n == BUFFER)
    await emit(link, total)
    taken += await numbers_of(events, lambda n: n == total)
    assert taken == list(range(1, total + 1))


async def test_events_that_are_taken_at_once_keep_the_order(link: QueueClient, fanout: EventFanout) -> None:
    since, last = await emit(link, 0), 22 * 7  # which is not taken at once, so that the follower sees the end
    taken: list[int] = []
    at_once: list[int] = []
    complete = asyncio.Event()

    def take(events: Sequence[Event]) -> int:
        numbers = list(takewhile(lambda number: number % 7, (event.data["n"] for event in events)))
        at_once.extend(numbers)
        taken.extend(numbers)
        return len(numbers)

    async def follow() -> None:
        async for page in fanout.follow_pages(since=since, at_once=take):
            for item in page:
                await asyncio.sleep(0)  # others arrive meanwhile
                assert isinstance(item, Event)
                taken.append(item.data["n"])
            if len(taken) >= last:
                complete.set()

    async def is_waiting() -> bool:
        await emit(link, next(numbers))
        return bool(at_once)

    following = asyncio.create_task(follow())
    numbers = iter(range(1, last + 1))
    await until(is_waiting)
    for size in cycle((1, 5, 2)):
        if not (some := list(islice(numbers, size))):
            break
        await Producer(link).emit([emission(number) for number in some])
    async with asyncio.timeout(10):
        await complete.wait()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert taken == list(range(1, last + 1))
    assert len(at_once) > 1


async def test_events_are_prepared_before_they_are_handed_out(link: QueueClient) -> None:
    prepared: list[int] = []
    heard: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def prepare(events: Sequence[Event]) -> None:
        await asyncio.sleep(0)
        prepared.extend(event.data["n"] for event in events)

    class Listener:
        def offer(self, events: Sequence[Event]) -> None:
            heard.set_result(all(event.data["n"] in prepared for event in events))

        def reset(self, position: EventId) -> None: ...

    fanout = EventFanout(link, prepare=prepare)
    reading = asyncio.create_task(fanout.run())
    async with fanout.listen(ALL, Listener()), asyncio.timeout(10):
        await emit(link, 1)
        assert await heard
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_after_a_reset_nothing_comes_that_was_replayed_already(link: QueueClient) -> None:
    taken: list[int | str] = []
    complete, may_go_on = asyncio.Event(), asyncio.Event()

    async def prepare(_: Sequence[Event]) -> None:
        await may_go_on.wait()

    async def follow() -> None:
        async for item in fanout.follow(since=since):
            taken.append(item.data["n"] if isinstance(item, Event) else "reset")
            if taken[-1] == 5:
                complete.set()

    async def is_registered() -> bool:
        return bool(fanout.listeners())

    since, fanout = await emit(link, 0), EventFanout(link, prepare=prepare)
    await emit(link, 1)
    reading = asyncio.create_task(fanout.run())
    position = await fanout.tail()
    for number in (2, 3, 4):  # the reader has them, but hands them out only after the replay
        await emit(link, number)
    following = asyncio.create_task(follow())
    await until(is_registered)
    for listener in fanout.listeners():
        listener.reset(position)
    may_go_on.set()
    await emit(link, 5)
    async with asyncio.timeout(10):
        await complete.wait()
    for task in (reading, following):
        task.cancel()
    await asyncio.gather(reading, following, return_exceptions=True)
    assert taken == [1, 2, 3, 4, "reset", 5]


async def test_a_follower_of_one_job_sees_no_other(link: QueueClient, fanout: EventFanout) -> None:
    since = await emit(link, 0)
    await emit(link, 1, JobId("other"))
    await emit(link, 2)
    assert await numbers_of(fanout.follow(since=since, job_id=JOB), lambda n: n == 2) == [2]


async def test_a_follower_that_comes_before_the_reader_misses_nothing(link: QueueClient) -> None:
    since, fanout = await emit(link, 0), EventFanout(link)
    taking = asyncio.create_task(numbers_of(fanout.follow(since=since, job_id=JOB), lambda n: n == 2))
    await emit(link, 1)
    reading = asyncio.create_task(fanout.run())
    await emit(link, 2)
    assert await taking == [1, 2]
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_an_id_of_another_epoch_gives_a_reset(link: QueueClient, fanout: EventFanout) -> None:
    await emit(link, 0)
    stale = EventId(0, await link.epoch() - 1, 1, 1)
    async with asyncio.timeout(10):
        assert await anext(fanout.follow(since=stale, job_id=JOB)) is RESET


async def test_events_before_a_restart_come_before_its_reset(tmp_path: Path) -> None:
    server = MortalServer(tmp_path / "redis", fsync="everysec")
    await server.start()
    link = await QueueClient.open(server.url)
    ids = [await emit(link, number) for number in range(2)]
    await server.kill()
    await server.start()
    again = await QueueClient.open(server.url)
    await emit(again, 2)
    fanout = EventFanout(again)
    reading = asyncio.create_task(fanout.run())
    async with asyncio.timeout(10):
        for since, missed in ((EventId(0, ids[0].epoch, 0, 0), [0, 1]), (ids[0], [1]), (ids[1], [])):
            events = fanout.follow(since=since)
            if missed:
                assert await numbers_of(events, lambda n: n == 1) == missed
            assert await anext(events) is RESET
            assert await numbers_of(events, lambda n: n == 2) == [2]
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    for client in (link, again):
        await client.close()
    await server.kill()


async def test_a_trimmed_log_says_so(link: QueueClient) -> None:
    first = await emit(link, 0)
    for number in (1, 2):
        await emit(link, number)
    await link.redis_py.xtrim(link.keys.log, maxlen=1, approximate=False)
    with pytest.raises(Exception, match="begins after"):
        await EventLog(link).read(first)

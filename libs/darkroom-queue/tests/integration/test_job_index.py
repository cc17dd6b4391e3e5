"""The index of jobs and the series: every event counts once, whichever process adds it."""

from collections.abc import Sequence

import pytest
from darkroom_queue import (
    DeadLetters,
    EventLog,
    IndexMoved,
    IndexWriter,
    JobCursor,
    JobFilter,
    JobIndex,
    NotTheWriter,
    Producer,
    QueueClient,
    Series,
)
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.events import Event
from darkroom_schemas.ids import SYSTEM_TENANT, EventId, JobId, StepId, TenantId, WorkerId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepError, StepResult, StepSubmit
from darkroom_schemas.worker import Requirements
from support.steps import make_step, make_worker

FAILURE = StepError(code=StepErrorCode.BACKEND, message="broken")
Ids = list[StepId]


async def submitted(link: QueueClient, *steps: StepSubmit) -> Ids:
    await Producer(link).submit_many(steps)
    return [step.id for step in steps]


async def listed(link: QueueClient, wanted: JobFilter | None = None, limit: int = 200) -> Ids:
    """Follow all pages of a list."""
    found: Ids = []
    after: JobCursor | None = None
    while True:
        page = await JobIndex(link).page(wanted or JobFilter(), limit=limit, after=after)
        found += [view.id for view in page.views]
        if (after := page.cursor) is None:
            return found


async def written(link: QueueClient) -> None:
    """Bring the index up to date, as a process does that starts."""
    await link.redis_py.hdel(link.keys.key("jm"), "until")
    writer = IndexWriter(link)
    position, number = await writer.begin(), 1
    while number:
        position, number = await writer.write_on(position)


async def ended(link: QueueClient, outcome: Outcome, step: StepSubmit) -> None:
    port = WorkerPort(link, make_worker("w9"), lease_s=60)
    await port.register()
    await submitted(link, step)
    [claim] = (await port.turn(want=1)).claims
    data = StepResult(text="done") if outcome is Outcome.OK else FAILURE
    await port.turn(want=0, finishes=[Finish(claim.id, claim.token, outcome, data.model_dump_json())])


def event(position: int, at_ms: int, kind: str, step_id: str = "a", **data: str) -> Event:
    return Event(
        id=f"0-1-{at_ms}-{position}", type=f"step.{kind}", job_id=JobId("j"), step_id=StepId(step_id),
        tenant=TenantId("t"), at_ms=at_ms, data=data,
    )  # fmt: skip


async def redis_ms(link: QueueClient) -> int:
    seconds, micros = await link.command("TIME")
    return int(seconds) * 1000 + int(micros) // 1000


async def test_the_latest_job_comes_first_and_pages_join_without_gap_or_double(link: QueueClient) -> None:
    await written(link)
    found: Ids = []
    for _ in range(5):
        found += await submitted(link, *(make_step() for _ in range(5)))
    await written(link)
    for limit in (1, 3, 7, 25, 200):
        pages = await listed(link, limit=limit)
        assert sorted(pages) == sorted(found)
    submissions = [view.queued_at_ms for view in (await JobIndex(link).page(JobFilter())).views]
    assert submissions == sorted(submissions, reverse=True)


async def test_many_jobs_of_one_millisecond_are_all_listed(link: QueueClient) -> None:
    writer = IndexWriter(link)
    position = await writer.begin()
    steps = await submitted(link, *(make_step() for _ in range(450)))
    events = [event(number, 5_000, "queued", step, job_type="simulation") for number, step in enumerate(steps, 1)]
    await writer.add(position, events)
    assert await listed(link, limit=100) == sorted(steps, reverse=True)


async def test_filters_name_status_type_worker_job_and_time(link: QueueClient) -> None:
    await written(link)
    done, broken = make_step(), make_step(max_attempts=1)
    await ended(link, Outcome.OK, done)
    await ended(link, Outcome.FAIL, broken)
    other = make_step(job_id=JobId("flow"), requirements=Requirements(type="comfyui"))
    await submitted(link, other)
    await written(link)

    async def ids(**changes: object) -> Ids:
        return await listed(link, JobFilter(**changes))  # type: ignore[arg-type]  # each test names fields

    assert await ids(statuses=frozenset({JobStatus.COMPLETED})) == [done.id]
    assert await ids(statuses=frozenset({JobStatus.FAILED})) == [broken.id]
    assert await ids(statuses=frozenset({JobStatus.QUEUED})) == [other.id]
    assert await ids(statuses=frozenset({JobStatus.DELAYED})) == []
    assert await ids(job_type="comfyui") == await ids(job_id=JobId("flow")) == [other.id]
    assert sorted(await ids(worker_id=WorkerId("w9"))) == sorted([done.id, broken.id])
    [view] = [view for view in await Producer(link).read_many([done.id]) if view]
    assert await ids(until_ms=view.queued_at_ms - 1) == []
    assert done.id in await ids(since_ms=view.queued_at_ms, until_ms=view.queued_at_ms)


async def test_a_requeued_dead_letter_waits_again(link: QueueClient) -> None:
    await written(link)
    step = make_step(max_attempts=1, tenant=SYSTEM_TENANT)
    await ended(link, Outcome.FAIL, step)
    await written(link)
    assert await JobIndex(link).oldest_waiting() == {}
    await DeadLetters(link).requeue(step.id)
    await written(link)
    assert await listed(link, JobFilter(frozenset({JobStatus.QUEUED}))) == [step.id]
    assert list(await JobIndex(link).oldest_waiting()) == ["simulation"]
    assert await link.redis_py.zcard(link.keys.key("je")) == 0


async def test_the_oldest_waiting_job_of_each_type_is_known(link: QueueClient) -> None:
    writer = IndexWriter(link)
    position, now = await writer.begin(), await redis_ms(link)
    moments: Sequence[tuple[str, int, str]] = [
        ("a", now - 90_000, "simulation"), ("b", now - 60_000, "simulation"), ("c", now - 5_000, "comfyui"),
    ]  # fmt: skip
    queued = [event(n, at, "queued", step, job_type=kind) for n, (step, at, kind) in enumerate(moments, 1)]
    position = await writer.add(position, queued)
    assert await JobIndex(link).oldest_waiting() == {"simulation": now - 90_000, "comfyui": now - 5_000}
    await writer.add(position, [event(9, now, "started", "a")])
    assert await JobIndex(link).oldest_waiting() == {"simulation": now - 60_000, "comfyui": now - 5_000}


async def test_events_are_counted_in_the_bucket_of_their_time(link: QueueClient) -> None:
    writer = IndexWriter(link)
    position, now = await writer.begin(), await redis_ms(link)
    start = now // 10_000 * 10_000 - 1_800_000  # half an hour ago, at the beginning of a bucket
    late, done, gone = ("queued", "started", "completed"), start + 10_000, now - 4_000_000
    events = [event(n, start + 9_999, kind, job_type="simulation") for n, kind in enumerate(late[:2], 1)]
    events += [event(3, done, "completed"), event(4, done, "failed", "unknown"), event(5, gone, "cancelled")]
    await writer.add(position, events)
    buckets = {bucket.at_ms: bucket for bucket in await Series(link).read(now_ms=now)}
    assert len(buckets) == 360
    first, second = buckets[start], buckets[done]
    assert (first.submitted, first.started, first.completed, first.waiting) == (1, 1, 0, None)
    assert (second.completed, second.failed, second.completed_by_type) == (1, 1, {"simulation": 1})
    assert sum(bucket.cancelled for bucket in buckets.values()) == 0
    assert await Series(link).read(buckets=1, now_ms=done + 3_600_000) != []
    assert buckets[start].at_ms not in {one.at_ms for one in await Series(link).read(now_ms=start + 3_600_000)}


async def test_waiting_jobs_and_busy_workers_are_sampled_once_in_a_bucket(link: QueueClient) -> None:
    port = WorkerPort(link, make_worker(), lease_s=60)
    await port.register()
    await submitted(link, make_step(), make_step(), make_step())
    assert len((await port.turn(want=1)).claims) == 1
    await written(link)
    [*_, current] = await Series(link).read()
    assert (current.waiting, current.busy_workers) == (2, 1)


async def test_two_writers_count_each_event_once(link: QueueClient, redis_url: str) -> None:
    first, second = IndexWriter(link), IndexWriter(link)
    position = await first.begin()
    with pytest.raises(NotTheWriter):
        await second.begin()
    await submitted(link, make_step(), make_step())
    await link.redis_py.hset(link.keys.key("jm"), "until", 0)  # the first was silent for too long
    taken_over = await second.begin()
    assert taken_over == position
    await second.write_on(taken_over)
    with pytest.raises(NotTheWriter):
        await first.write_on(position)
    await link.redis_py.hset(link.keys.key("jm"), "until", 0)
    with pytest.raises(IndexMoved):
        await first.write_on(position)
    assert sum(bucket.submitted for bucket in await Series(link).read()) == 2


async def test_an_index_that_missed_events_is_made_again_from_the_queue(link: QueueClient) -> None:
    await written(link)
    lost = make_step()
    await submitted(link, lost)
    await written(link)
    await link.redis_py.hset(link.keys.key("jm"), "at", "1-1")
    await link.redis_py.xtrim(link.keys.log, maxlen=0)
    await Producer(link).cancel(lost.id, reason="unseen")
    [there] = await submitted(link, make_step())
    await link.redis_py.xtrim(link.keys.log, maxlen=0)
    await written(link)
    assert await listed(link) == [there]


async def test_jobs_that_ended_a_day_ago_are_dropped(link: QueueClient) -> None:
    writer = IndexWriter(link)
    position, now = await writer.begin(), await redis_ms(link)
    long_ago = now - 86_400_001
    events = [event(1, long_ago, "queued", job_type="simulation"), event(2, long_ago, "completed")]
    await writer.add(position, events)
    for key in ("jr", "jn", "je", "jx:completed:simulation"):
        assert await link.redis_py.exists(link.keys.key(key)) == 0


async def test_a_job_whose_result_has_expired_is_not_listed(link: QueueClient) -> None:
    await written(link)
    [gone, kept] = await submitted(link, make_step(), make_step())
    await Producer(link).cancel(gone, reason="asked")
    await written(link)
    await link.redis_py.delete(link.keys.tombstone(gone))
    assert await listed(link) == [kept]
    assert await link.redis_py.hkeys(link.keys.key("jr")) == [kept]


async def test_a_position_is_stored_with_the_events(link: QueueClient) -> None:
    await written(link)
    await submitted(link, make_step())
    tail = await EventLog(link).tail()
    await written(link)
    assert await link.redis_py.hget(link.keys.key("jm"), "at") == tail.stream_id
    assert EventId.parse(str(tail)) == tail

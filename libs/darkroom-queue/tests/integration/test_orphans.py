"""Records that are in no queue are found and queued again, or ended where they cannot run."""

import pytest
from darkroom_queue import EventLog, Producer, QueueClient, Sweeper
from darkroom_queue.worker.turn import WorkerPort
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import StepId
from darkroom_schemas.status import JobStatus
from support.steps import make_step, make_worker

PREFIX = "{darkroom-0}:"


async def worker(link: QueueClient) -> WorkerPort:
    port = WorkerPort(link, make_worker(), lease_s=60)
    await port.register()
    return port


async def leave_in_no_queue(link: QueueClient) -> StepId:
    """Leave a record as a script did that failed after its first write."""
    step = make_step()
    await Producer(link).submit(step)
    record: str = await link.command("HGET", link.keys.steps, step.id)
    await Producer(link).cancel(step.id, reason="asked")
    await link.redis_py.delete(f"{PREFIX}t:{step.id}")
    await link.redis_py.hset(link.keys.steps, step.id, record)
    return step.id


async def test_a_step_in_no_queue_is_queued_again_with_its_event(link: QueueClient) -> None:
    port = await worker(link)
    orphan = await leave_in_no_queue(link)
    before = await EventLog(link).tail()
    await Sweeper(link).sweep()
    assert (await Producer(link).depth()).queued == 1
    assert [(e.step_id, e.type) for e in await EventLog(link).read(before)] == [(orphan, "step.queued")]
    assert [claimed.id for claimed in (await port.turn(want=5)).claims] == [orphan]


async def test_a_step_whose_place_is_no_number_fails_and_says_why(link: QueueClient) -> None:
    orphan = await leave_in_no_queue(link)
    record: str = await link.command("HGET", link.keys.steps, orphan)
    fields = record.split("\t")
    fields[2] = "1" + "0" * 400
    await link.redis_py.hset(link.keys.steps, orphan, "\t".join(fields))
    await Sweeper(link).sweep()
    [view] = await Producer(link).read_many([orphan])
    assert view is not None
    assert (view.status, view.error and view.error.code) == (JobStatus.FAILED, StepErrorCode.INTERNAL)
    assert await link.redis_py.hlen(link.keys.steps) == 0


async def test_what_is_no_record_at_all_is_removed(link: QueueClient) -> None:
    await link.redis_py.hset(link.keys.steps, "odd", "neither tabs nor lines")
    await link.redis_py.hset(link.keys.meta.removesuffix("meta") + "l", "odd", "\t\t0\t0\t\t")
    await Sweeper(link).sweep()
    assert await link.redis_py.hlen(link.keys.steps) == 0


async def test_a_lease_without_a_deadline_ends_and_the_step_waits_again(link: QueueClient) -> None:
    port, step = await worker(link), make_step()
    await Producer(link).submit(step)
    await port.turn(want=1)
    await link.redis_py.delete(f"{PREFIX}lz")
    await Sweeper(link).sweep()
    [view] = await Producer(link).read_many([step.id])
    assert view is not None
    assert view.status is JobStatus.QUEUED


@pytest.mark.parametrize("number", [1, 60])
async def test_steps_that_wait_are_delayed_or_run_are_left_alone(link: QueueClient, number: int) -> None:
    port, producer = await worker(link), Producer(link)
    await producer.submit_many([make_step() for _ in range(2 * number)])
    await producer.submit_many([make_step(not_before_ms=4_000_000_000_000) for _ in range(number)])
    await port.turn(want=number)
    before, place = await producer.depth(), await EventLog(link).tail()
    for _ in range(10):
        await Sweeper(link).sweep()
    assert await producer.depth() == before
    assert await EventLog(link).read(place) == []

import asyncio

import pytest
from darkroom_queue import (
    CancelOutcome,
    EventLog,
    Producer,
    QueueClient,
    QueueFull,
    StepConflict,
    SubmissionExpired,
    Submitted,
    UnusableStep,
)
from darkroom_queue.lua import load
from darkroom_queue.record import submit_args
from darkroom_redis import RedisUnavailable
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import JobId, StepId, TenantId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import Submission
from darkroom_schemas.worker import Requirements
from support.steps import make_step


async def test_a_submitted_step_is_queued_with_its_event(link: QueueClient) -> None:
    step = make_step()
    answer = await Producer(link).submit(step)
    [event] = await EventLog(link).read(None)
    assert answer.created
    assert await Producer(link).read(step.id) == answer.view
    assert (event.type, event.step_id, event.tenant) == (EventType.STEP_QUEUED, step.id, "t1")


async def test_many_steps_are_read_at_once_in_the_order_asked_for(link: QueueClient) -> None:
    producer = Producer(link)
    waiting, ended, unknown = make_step(), make_step(), make_step()
    await producer.submit_many([waiting, ended])
    await producer.cancel(ended.id, reason="enough")
    views = await producer.read_many([ended.id, unknown.id, waiting.id])
    assert [view and view.status for view in views] == [JobStatus.CANCELLED, None, JobStatus.QUEUED]
    assert await producer.read_many([]) == []


async def test_the_same_submission_again_returns_the_state_and_adds_nothing(link: QueueClient) -> None:
    step = make_step()
    first, second = [await Producer(link).submit(step) for _ in range(2)]
    assert (first.created, second.created) == (True, False)
    assert (await Producer(link).depth()).queued == 1


async def test_another_body_under_the_same_id_is_a_conflict(link: QueueClient) -> None:
    step = make_step()
    await Producer(link).submit(step)
    with pytest.raises(StepConflict):
        await Producer(link).submit(step.model_copy(update={"payload": {"n": 2}}))


async def test_the_time_of_a_request_is_no_part_of_what_was_asked_for(link: QueueClient) -> None:
    step, producer = make_step(dated=False), Producer(link)
    await producer.submit(step)
    later = step.model_copy(update={"created_us": step.created_us + 5_000_000})
    assert not (await producer.submit(later)).created
    with pytest.raises(StepConflict):
        await producer.submit(later.model_copy(update={"priority": 51}))
    with pytest.raises(StepConflict):
        await producer.submit(later.model_copy(update={"dated": True}))


async def test_a_step_is_known_by_a_digest_of_an_earlier_release(link: QueueClient) -> None:
    step = make_step()
    args = submit_args(step)
    digest = str(args[8]).partition(".")[0]
    await link.run(load("submit"), 0, 1, *args[:8], digest, str(args[9]).replace(str(args[8]), digest), *args[10:])
    answer = await Producer(link).submit(step)
    assert (answer.created, answer.view.priority) == (False, None)


async def test_what_a_step_was_submitted_with_can_be_read_until_it_ends(link: QueueClient) -> None:
    step, producer = make_step(priority=80), Producer(link)
    await producer.submit(step)
    expected = Submission(step.requirements, step.payload, step.timeout_s)
    assert await producer.submission(step.id) == expected
    await producer.cancel(step.id, reason="asked")
    assert await producer.submission(step.id) is None
    ended = await producer.read(step.id)
    assert (ended and ended.priority, ended and ended.type) == (80, "simulation")


async def test_a_full_queue_refuses_and_stores_nothing(link: QueueClient) -> None:
    producer = Producer(link)
    unheard_of = make_step(requirements=Requirements(type="simulation", tags=("new",)))
    answers = await producer.submit_many([make_step(), make_step(), unheard_of], max_depth=2)
    assert isinstance(answers[2], QueueFull)
    assert (await producer.depth()).queued == 2
    assert await link.redis_py.hlen("{darkroom-0}:cb") == 0


async def test_a_submission_after_its_time_is_refused(link: QueueClient) -> None:
    with pytest.raises(SubmissionExpired):
        await Producer(link).submit(make_step(not_after_ms=1))


async def test_a_scheduled_step_is_delayed(link: QueueClient) -> None:
    step = make_step(not_before_ms=9_999_999_999_999)
    answer = await Producer(link).submit(step)
    view = await Producer(link).read(step.id)
    assert view is not None
    assert (answer.view.status, view.status) == (JobStatus.DELAYED, JobStatus.DELAYED)


async def test_cancelling_a_waiting_step_ends_it_at_once(link: QueueClient) -> None:
    producer, step = Producer(link), make_step()
    await producer.submit(step)
    assert await producer.cancel(step.id, reason="changed my mind") is CancelOutcome.CANCELLED
    assert await producer.cancel(step.id, reason="again") is CancelOutcome.FINISHED
    view, depth = await producer.read(step.id), await producer.depth()
    assert view is not None
    assert (view.status, depth.queued, depth.queued_by_type) == (JobStatus.CANCELLED, 0, {})


async def test_a_cancelled_step_cannot_be_submitted_back_to_life(link: QueueClient) -> None:
    producer, step = Producer(link), make_step()
    await producer.submit(step)
    await producer.cancel(step.id, reason="no")
    answer = await producer.submit(step)
    assert (answer.created, answer.view.status) == (False, JobStatus.CANCELLED)


async def test_cancelling_an_unknown_step_says_so(link: QueueClient) -> None:
    assert await Producer(link).cancel(StepId("nobody"), reason="x") is CancelOutcome.UNKNOWN
    assert await Producer(link).read(StepId("nobody")) is None


async def test_an_unusable_id_names_the_field(link: QueueClient) -> None:
    with pytest.raises(UnusableStep, match="tenant"):
        await Producer(link).submit(make_step(tenant="two\tfields"))


async def test_an_unusable_step_keeps_no_other_back(link: QueueClient) -> None:
    good, large, odd = make_step(), make_step(payload={"text": "é" * 500_001}), make_step(tenant="two\tfields")
    first, second, third = await Producer(link).submit_many([large, good, odd])
    assert isinstance(second, Submitted)
    assert second.view.id == good.id
    assert isinstance(first, UnusableStep)
    assert isinstance(third, UnusableStep)
    assert [type(answer) for answer in await Producer(link).submit_many([large])] == [UnusableStep]


async def test_an_emission_repeated_by_the_relay_is_one_event(link: QueueClient) -> None:
    event = Emission(outbox_id=7, type=EventType.JOB_CREATED, job_id=JobId("j"), tenant=TenantId("t"), data={"a": "ü"})
    first, second = [await Producer(link).emit([event]) for _ in range(2)]
    [read] = await EventLog(link).read(None)
    assert first == second
    assert (read.id, read.data) == (str(first[0]), {"a": "ü"})
    assert [e.id for e in await EventLog(link).read_job(JobId("j"), None)] == [read.id]


async def test_a_blocked_reader_gets_the_event_that_comes(link: QueueClient) -> None:
    log = EventLog(link)
    tail = await log.tail()
    reading = asyncio.create_task(log.read(tail, block_ms=5000))
    step = make_step()
    await Producer(link).submit(step)
    assert [e.step_id for e in await reading] == [step.id]


async def test_scripts_are_loaded_again_when_the_server_forgot_them(link: QueueClient) -> None:
    await Producer(link).submit(make_step())
    await link.redis_py.script_flush()
    assert (await Producer(link).submit(make_step())).created


async def test_no_server_is_one_clear_error() -> None:
    with pytest.raises(RedisUnavailable):
        await QueueClient.open("redis://127.0.0.1:1")


async def test_a_command_that_cannot_be_written_leaves_every_answer_with_its_caller(link: QueueClient) -> None:
    producer, step = Producer(link), make_step()
    await producer.submit(step)
    with pytest.raises(UnicodeEncodeError):
        await producer.cancel(step.id, reason="\ud800")
    async with asyncio.timeout(5):
        view, nothing = await asyncio.gather(producer.read(step.id), producer.read(StepId("unknown")))
    assert (view and view.id, nothing) == (step.id, None)

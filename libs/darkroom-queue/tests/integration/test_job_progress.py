"""The seed's channel has a job's progress over all of its steps."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from darkroom_queue import Producer, ProgressFeed, QueueClient
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.channels import ProgressMessage, job_progress
from darkroom_schemas.ids import JobId, StepId, WorkerId
from darkroom_schemas.step import ClaimedStep, StepSubmit
from support.steps import make_step, make_worker

JOB = JobId("j")
ERROR = '{"code":"backend_error","message":"broke","retryable":true}'


class Stage:
    """A worker that reports progress, and a reader of the channel."""

    def __init__(self, link: QueueClient, port: WorkerPort, heard: AsyncIterator[ProgressMessage]) -> None:
        self._link, self._port, self._heard = link, port, heard

    async def start(self, number: int, steps: int, done: int, *, run: int = 1) -> ClaimedStep:
        """Submit a step of the job and claim it."""
        await Producer(self._link).submit(part(number, steps, done, run=run))
        return await self.claim()

    async def claim(self) -> ClaimedStep:
        [claimed] = (await self._port.turn(want=1)).claims
        return claimed

    async def tell(self, step: ClaimedStep, percent: float) -> tuple[float, float]:
        """Tell a step's progress; return what the channel says of the job and of the step."""
        fields = {"job_id": step.job_id, "step_id": step.id, "worker_id": "w1", "step_progress": percent}
        assert await self._port.progress(step.id, step.token, percent, json.dumps(fields)[:-1])
        message = await anext(self._heard)
        return message.progress, message.percent_of_step

    async def end(self, step: ClaimedStep, outcome: Outcome = Outcome.OK) -> None:
        data = ERROR if outcome is Outcome.RETRY else "{}"
        await self._port.turn(want=0, finishes=[Finish(step.id, step.token, outcome, data)])


def part(number: int, steps: int, done: int, *, run: int = 1) -> StepSubmit:
    return make_step(id=StepId(f"{JOB}:{run}:{number:02d}"), job_id=JOB, job_steps=steps, job_steps_done=done)


@pytest.fixture
async def stage(link: QueueClient) -> AsyncIterator[Stage]:
    port = WorkerPort(link, make_worker(), lease_s=60)
    await port.register()
    async with hearing(link) as heard:
        yield Stage(link, port, heard)


@asynccontextmanager
async def hearing(link: QueueClient) -> AsyncIterator[AsyncIterator[ProgressMessage]]:
    """Listen to the channel as the documents' own readers do."""
    async with link.redis_py.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe(job_progress(JOB))

        async def messages() -> AsyncIterator[ProgressMessage]:
            while True:
                message = await pubsub.get_message(timeout=5)
                if message is not None:
                    yield ProgressMessage.model_validate_json(message["data"])

        yield messages()


async def test_a_job_of_one_step_is_as_far_as_its_step(stage: Stage, link: QueueClient) -> None:
    step = await stage.start(0, 1, 0)
    assert await stage.tell(step, 50) == (50, 50)
    assert await link.redis_py.keys("*jp:*") == []


async def test_steps_one_after_the_other_add_up_to_the_whole(stage: Stage) -> None:
    first = await stage.start(0, 2, 0)
    received = [await stage.tell(first, percent) for percent in (0, 40, 100)]
    await stage.end(first)
    second = await stage.start(1, 2, 1)
    received += [await stage.tell(second, percent) for percent in (0, 50, 100)]
    assert [of_job for of_job, _ in received] == [0, 20, 50, 50, 75, 100]
    assert [of_step for _, of_step in received] == [0, 40, 100, 0, 50, 100]


async def test_steps_side_by_side_are_summed_and_one_that_ended_counts_in_full(stage: Stage) -> None:
    first, second = await stage.start(0, 4, 0), await stage.start(1, 4, 0)
    assert (await stage.tell(first, 50))[0] == 12.5
    assert (await stage.tell(second, 10))[0] == 15
    await stage.end(first)
    assert (await stage.tell(second, 20))[0] == 30
    third = await stage.start(2, 4, 1)
    assert (await stage.tell(third, 0))[0] == 30


async def test_a_step_that_begins_again_takes_its_job_nowhere_back(stage: Stage, link: QueueClient) -> None:
    step = await stage.start(1, 2, 1)
    assert (await stage.tell(step, 80))[0] == 90
    await stage.end(step, Outcome.RETRY)
    again = await stage.claim()
    assert await stage.tell(again, 10) == (90, 10)


async def test_a_new_run_begins_at_the_beginning(stage: Stage) -> None:
    step = await stage.start(1, 2, 1)
    assert (await stage.tell(step, 80))[0] == 90
    again = await stage.start(0, 2, 0, run=2)
    assert (await stage.tell(again, 10))[0] == 5


async def test_what_is_stored_of_a_job_expires(stage: Stage, link: QueueClient) -> None:
    step = await stage.start(0, 2, 0)
    await stage.tell(step, 80)
    [key] = await link.redis_py.keys("*jp:*")
    assert 0 < await link.redis_py.ttl(key) <= 172_800
    await link.redis_py.delete(key)
    assert await stage.tell(step, 81) == (81, 81)


async def test_a_message_of_an_earlier_release_reports_the_step_alone() -> None:
    text = '{"job_id":"j","step_id":"s","worker_id":"w","progress":40,"at_ms":1}'
    assert ProgressMessage.model_validate_json(text).percent_of_step == 40


async def test_a_message_that_is_no_progress_is_left_out(link: QueueClient) -> None:
    good = ProgressMessage(job_id=JOB, step_id=StepId("s"), worker_id=WorkerId("w"), progress=5, at_ms=1)
    async with ProgressFeed(link) as feed, asyncio.timeout(10):
        await feed.add_all()
        for text in ("no json", "[]", '{"job_id":"j"}', good.model_dump_json()):
            await link.redis_py.publish(job_progress(JOB), text)
        assert await anext(aiter(feed)) == good

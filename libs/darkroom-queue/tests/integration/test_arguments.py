"""A script that meets an argument which it cannot use writes nothing, and a step that cannot be used harms no other."""

import asyncio
import math
from typing import Any

import pytest
from darkroom_queue import Producer, QueueClient, Submitted, UnusableStep
from darkroom_queue.lua import load
from darkroom_queue.record import submit_args
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_redis.client import Arg
from darkroom_redis.pipelined_connection import ReplyError
from support.script_arguments import HOSTILE, everything
from support.steps import make_step, make_worker

NUMBERS: dict[str, tuple[list[Arg], tuple[int, ...]]] = {
    "adopt": (["another run", 12_000], (1,)),
    "progress": (["step", "token", 50, '{"job_id":"j"'], (2,)),
    "purge": ([1, 1000], (0, 1)),
    "submit": ([0, 1, *submit_args(make_step())], (0, 1)),
    "sweep": ([12_000, 200, 3_600_000, 10**8], (0, 1, 2, 3)),
    "turn": (["w1", "i1", 1, 12_000, 1, 1, 1, "", "s", "t", "ok", "{}", 0, "s", "t"], (3, 4, 5, 6, 12)),
}
"""Arguments of scripts, and which of them are numbers. Of those of a submitted step, see below."""
CASES = [(name, place, bad) for name, (_, places) in NUMBERS.items() for place in places for bad in HOSTILE]


async def some_steps(link: QueueClient) -> None:
    """Leave a step that waits, one that is delayed, one that runs, and one that failed."""
    worker = WorkerPort(link, make_worker(incarnation="i1"), lease_s=7200)
    await worker.register()
    await Producer(link).submit_many([make_step() for _ in range(3)])
    [failing, _] = (await worker.turn(want=2)).claims
    await worker.turn(want=0, finishes=[Finish(failing.id, failing.token, Outcome.FAIL, '{"code":"timeout"}')])
    await Producer(link).submit(make_step(not_before_ms=4_000_000_000_000))


@pytest.mark.parametrize(("name", "place", "bad"), CASES)
async def test_a_number_that_is_none_is_refused_before_anything_is_written(
    link: QueueClient, name: str, place: int, bad: str
) -> None:
    await some_steps(link)
    args = list(NUMBERS[name][0])
    args[place] = bad
    before = await everything(link)
    with pytest.raises(ReplyError):
        await link.run(load(name), *args)
    assert await everything(link) == before


@pytest.mark.parametrize("name", ["emit", "register", "submit", "turn"])
async def test_a_missing_argument_is_refused_before_anything_is_written(link: QueueClient, name: str) -> None:
    await some_steps(link)
    others: dict[str, list[Arg]] = {"emit": [1, "job.created", "j", "t"], "register": ["w", "i", "{}", "{}"]}
    args = others.get(name) or NUMBERS[name][0][:-1]
    before = await everything(link)
    with pytest.raises(ReplyError):
        await link.run(load(name), *args)
    assert await everything(link) == before


async def test_capabilities_that_are_not_json_register_nothing(link: QueueClient) -> None:
    before = await everything(link)
    with pytest.raises(ReplyError):
        await link.run(load("register"), "w", "i", "{types", "{}", "m")
    assert await everything(link) == before


@pytest.mark.parametrize(
    "change",
    [
        {"created_us": 10**400},
        {"created_us": -(10**30)},
        {"weight": math.inf},
        {"weight": math.nan},
        {"expected_ms": 10**30},
        {"timeout_s": 1e30},
        {"max_attempts": 10**9},
        {"not_before_ms": 10**400},
        {"not_before_ms": -1},
        {"not_after_ms": 10**400},
        {"payload": {"text": "\ud800"}},
        {"id": "two\nlines"},
    ],
)
async def test_an_unusable_step_harms_none_of_the_same_moment(link: QueueClient, change: dict[str, Any]) -> None:
    bad = make_step().model_copy(update=change)  # as if a model had not looked
    steps = [make_step() for _ in range(11)]
    producer = Producer(link)
    together = await asyncio.gather(*map(producer.submit, [*steps[:5], bad, *steps[5:]]), return_exceptions=True)
    assert isinstance(together.pop(5), UnusableStep)
    assert all(isinstance(answer, Submitted) and answer.created for answer in together)
    [refused, accepted] = await producer.submit_many([bad, make_step()])
    assert isinstance(refused, UnusableStep)
    assert isinstance(accepted, Submitted)
    worker = WorkerPort(link, make_worker(), lease_s=60)
    await worker.register()
    assert len((await worker.turn(want=50)).claims) == 12
    assert (await producer.depth()).queued == 0


async def test_requirements_that_cannot_be_read_are_refused_alone(link: QueueClient) -> None:
    good, bad = submit_args(make_step()), submit_args(make_step())
    bad[1] = "{not json"
    _, *codes = await link.run(load("submit"), 0, 2, *good, *bad)
    assert codes == [1, -6]


async def test_a_call_that_cannot_be_written_fails_for_all_who_share_it(
    link: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("the handler is closed")

    producer = Producer(link)
    await producer.submit(make_step())
    monkeypatch.setattr(link, "run", refuse)
    async with asyncio.timeout(5):
        answers = await asyncio.gather(
            producer.submit(make_step()), producer.submit(make_step()), return_exceptions=True
        )
    assert [type(answer) for answer in answers] == [RuntimeError, RuntimeError]

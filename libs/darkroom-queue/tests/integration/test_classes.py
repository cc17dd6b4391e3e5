"""Classes of requirements make room when nobody uses them any more, and never under a step that has not ended."""

import pytest
from darkroom_queue import Control, DeadLetters, Producer, RedisLink, Submitted, Sweeper, TooManyClasses
from darkroom_queue.lua_source import load
from darkroom_queue.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepError, StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements
from support.class_clock import ENOUGH_SWEEPS, pass_an_hour
from support.steps import make_step, make_worker

PREFIX = "{darkroom-0}:"
MOST_OF_A_TENANT = 512
YEARS_AHEAD_MS = 4_000_000_000_000
ERROR = StepError(code=StepErrorCode.BACKEND, message="broke", retryable=True).model_dump_json()
TAGS = tuple(f"t{number}" for number in range(2 * MOST_OF_A_TENANT))


def tagged(number: int, **changes: int) -> StepSubmit:
    return make_step(requirements=Requirements(type="simulation", tags=(TAGS[number],)), **changes)


async def worker(link: RedisLink) -> WorkerPort:
    port = WorkerPort(link, make_worker(capabilities=Capabilities(types=("simulation",), tags=TAGS)), lease_s=7200)
    await port.register()
    return port


async def finish_all(port: WorkerPort) -> None:
    finishes: list[Finish] = []
    while claims := (turn := await port.turn(want=50, finishes=finishes)).claims:
        assert turn.refused == ()
        finishes = [Finish(claimed.id, claimed.token, Outcome.OK) for claimed in claims]


async def hours(link: RedisLink, number: int, *, sweeps: int = ENOUGH_SWEEPS) -> None:
    for _ in range(number):
        await pass_an_hour(link, Sweeper(link), sweeps=sweeps)


async def known(link: RedisLink) -> dict[str, str]:
    """Return the requirements of each class that the queue keeps."""
    return dict(await link.client.hgetall(f"{PREFIX}cld"))


async def test_classes_that_nobody_used_for_long_make_room_for_others(link: RedisLink) -> None:
    port, producer = await worker(link), Producer(link)
    await producer.submit_many([tagged(number) for number in range(MOST_OF_A_TENANT)])
    with pytest.raises(TooManyClasses):
        await producer.submit(tagged(MOST_OF_A_TENANT))
    await finish_all(port)
    await hours(link, 2, sweeps=30)
    assert await known(link) == {}
    more = [tagged(number) for number in range(MOST_OF_A_TENANT, 2 * MOST_OF_A_TENANT)]
    assert all(isinstance(answer, Submitted) for answer in await producer.submit_many(more))
    await finish_all(port)
    assert (await producer.depth()).queued == 0


async def test_a_collected_class_leaves_no_key(link: RedisLink) -> None:
    port, producer = await worker(link), Producer(link)
    steps = [tagged(0), make_step(requirements=Requirements(type="simulation", models=("m",))), tagged(1)]
    await producer.submit_many(steps)
    for step in steps[1:]:  # nobody can do the one, and somebody the other
        await producer.cancel(step.id, reason="asked")
    await finish_all(port)
    await hours(link, 2)
    kinds = {key.removeprefix(PREFIX).split(":")[0] for key in await link.client.keys(f"{PREFIX}*")}
    assert kinds & {"cls", "clr", "cld", "cm", "cb", "ct", "cr", "cu", "m", "mc", "tn", "rc", "r", "q", "uw"} == set()


async def test_a_class_is_kept_for_an_hour_after_its_last_step(link: RedisLink) -> None:
    port = await worker(link)
    await Producer(link).submit(tagged(0))
    await hours(link, 2)
    await finish_all(port)
    await hours(link, 1)
    assert len(await known(link)) == 1
    await hours(link, 1)
    assert await known(link) == {}


async def test_a_submission_takes_a_retired_class_back(link: RedisLink) -> None:
    port, producer = await worker(link), Producer(link)
    await producer.submit(tagged(0))
    await finish_all(port)
    await hours(link, 1)
    step, before = tagged(0), await known(link)
    await producer.submit(step)
    await hours(link, 3)
    assert await known(link) == before
    assert [claimed.id for claimed in (await port.turn(want=1)).claims] == [step.id]


async def test_a_number_is_never_given_to_other_requirements(link: RedisLink) -> None:
    port, producer = await worker(link), Producer(link)
    await producer.submit_many([tagged(0), tagged(1)])
    await finish_all(port)
    before = await known(link)
    await hours(link, 2)
    await producer.submit(tagged(2))
    assert before.keys().isdisjoint(await known(link))


async def test_a_step_delayed_by_years_keeps_its_class(link: RedisLink) -> None:
    port, producer = await worker(link), Producer(link)
    step, more = tagged(0, not_before_ms=YEARS_AHEAD_MS), tagged(1)
    await producer.submit_many([step, more])
    await finish_all(port)
    await hours(link, 5)
    assert len(await known(link)) == 1
    await link.client.zadd(f"{PREFIX}dl", {step.id: 1})
    await Sweeper(link).sweep()
    assert [claimed.id for claimed in (await port.turn(want=1)).claims] == [step.id]


async def test_a_step_that_runs_for_hours_keeps_its_class_and_may_be_retried(link: RedisLink) -> None:
    port, producer = await worker(link), Producer(link)
    await producer.submit(tagged(0))
    [claimed] = (await port.turn(want=1)).claims
    await hours(link, 5)
    await port.turn(want=0, finishes=[Finish(claimed.id, claimed.token, Outcome.RETRY, ERROR)])
    assert [again.id for again in (await port.turn(want=1)).claims] == [claimed.id]


async def test_a_step_that_is_retried_while_the_sweeper_looks_keeps_its_class(link: RedisLink) -> None:
    port, sweeper = await worker(link), Sweeper(link)
    await Producer(link).submit(tagged(0))
    [claimed] = (await port.turn(want=1)).claims
    await hours(link, 1)
    await pass_an_hour(link, sweeper, sweeps=1)  # the delayed steps were looked at, the running ones come next
    await port.turn(want=0, finishes=[Finish(claimed.id, claimed.token, Outcome.RETRY, ERROR, 3_600_000)])
    for _ in range(3):
        await sweeper.sweep()
    assert len(await known(link)) == 1


async def test_a_step_whose_delay_ends_after_its_class_was_retired_keeps_it(link: RedisLink) -> None:
    port, sweeper, step = await worker(link), Sweeper(link), tagged(0, not_before_ms=YEARS_AHEAD_MS)
    await Producer(link).submit(step)
    await pass_an_hour(link, sweeper)
    await link.client.zadd(f"{PREFIX}dl", {step.id: 1})
    await sweeper.sweep()
    await pass_an_hour(link, sweeper)
    assert len(await known(link)) == 1
    assert [claimed.id for claimed in (await port.turn(want=1)).claims] == [step.id]


async def test_many_steps_are_looked_at_a_few_in_each_sweep(link: RedisLink) -> None:
    port, producer = await worker(link), Producer(link)
    delayed = [tagged(0, not_before_ms=YEARS_AHEAD_MS) for _ in range(300)]
    await producer.submit_many([*delayed, tagged(1)])
    await finish_all(port)
    await hours(link, 2)
    assert len(await known(link)) == 2, "a few sweeps do not get through"
    await hours(link, 1, sweeps=30)
    assert len(await known(link)) == 1


async def test_a_dead_letter_runs_again_after_its_class_was_collected(link: RedisLink) -> None:
    port, letters, step = await worker(link), DeadLetters(link), tagged(0)
    await Producer(link).submit(step)
    [claimed] = (await port.turn(want=1)).claims
    await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.FAIL, ERROR)])
    await hours(link, 2)
    await Producer(link).submit_many([tagged(number) for number in range(1, MOST_OF_A_TENANT + 1)])
    with pytest.raises(TooManyClasses):
        await letters.requeue(step.id)
    assert await letters.count() == 1
    await finish_all(port)
    await hours(link, 2, sweeps=30)
    assert await letters.requeue(step.id)
    [again] = (await port.turn(want=1)).claims
    assert (again.id, again.requirements) == (step.id, step.requirements)


async def test_a_type_may_be_resumed_while_its_classes_are_collected(link: RedisLink) -> None:
    port = await worker(link)
    await Producer(link).submit(tagged(0))
    await finish_all(port)
    await Control(link).pause("simulation")
    [number] = await known(link)
    await hours(link, 2)
    assert await link.run(load("reindex"), number) == 0
    await Control(link).resume("simulation")


async def test_a_walk_of_another_run_of_the_server_does_not_count(link: RedisLink) -> None:
    await link.client.hset(link.keys.meta, mapping={"walk": "1\tlz\t17", "walked": "9999999999999", "run": "another"})
    link.forget_epoch()
    await link.epoch()
    assert await link.client.hmget(link.keys.meta, "walk", "walked") == [None, None]

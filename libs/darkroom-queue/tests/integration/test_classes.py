"""Classes of requirements make room when nobody uses them any more, and never under a step that has not ended."""

import pytest
from darkroom_queue import (
    ClassShareUsed,
    Control,
    DeadLetters,
    Insight,
    Producer,
    QueueClient,
    Submitted,
    Sweeper,
    TooManyClasses,
    WaitReason,
)
from darkroom_queue.lua import load
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import SYSTEM_TENANT, TenantId
from darkroom_schemas.step import StepError, StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements
from support.class_clock import ENOUGH_SWEEPS, pass_an_hour
from support.steps import make_step, make_worker

PREFIX = "{darkroom-0}:"
MOST_OF_A_TENANT, MOST_OF_ALL_TENANTS, MOST_OF_THE_OPERATOR = 64, 3072, 1024
YEARS_AHEAD_MS = 4_000_000_000_000
ERROR = StepError(code=StepErrorCode.BACKEND, message="broke", retryable=True).model_dump_json()
TAGS = tuple(f"t{number}" for number in range(2 * MOST_OF_A_TENANT))


def tagged(number: int, **changes: int) -> StepSubmit:
    return make_step(requirements=Requirements(type="simulation", tags=(TAGS[number],)), **changes)


async def worker(link: QueueClient) -> WorkerPort:
    port = WorkerPort(link, make_worker(capabilities=Capabilities(types=("simulation",), tags=TAGS)), lease_s=7200)
    await port.register()
    return port


async def finish_all(port: WorkerPort) -> None:
    finishes: list[Finish] = []
    while claims := (turn := await port.turn(want=50, finishes=finishes)).claims:
        assert turn.refused == ()
        finishes = [Finish(claimed.id, claimed.token, Outcome.OK) for claimed in claims]


async def hours(link: QueueClient, number: int, *, sweeps: int = ENOUGH_SWEEPS) -> None:
    for _ in range(number):
        await pass_an_hour(link, Sweeper(link), sweeps=sweeps)


async def known(link: QueueClient) -> dict[str, str]:
    """Return the requirements of each class that a submission brought and the queue keeps."""
    brought = await link.redis_py.hgetall(f"{PREFIX}cb")
    return {str(k): str(v) for k, v in (await link.redis_py.hgetall(f"{PREFIX}cld")).items() if k in brought}


def of_tenant(tenant: str, number: int) -> StepSubmit:
    """Make a step with requirements that no other tenant's step has."""
    needs = Requirements(type="simulation", tags=(f"{tenant}-{number}",))
    return make_step(tenant=TenantId(tenant), requirements=needs)


async def bring(link: QueueClient, tenant: str, number: int) -> int:
    """Submit steps of so many kinds and return how many were taken."""
    answers = await Producer(link).submit_many([of_tenant(tenant, n) for n in range(number)])
    return sum(isinstance(answer, Submitted) for answer in answers)


async def test_a_tenant_may_bring_a_share_of_the_classes_and_learns_when_it_is_used_up(link: QueueClient) -> None:
    assert await bring(link, "greedy", MOST_OF_A_TENANT) == MOST_OF_A_TENANT
    with pytest.raises(ClassShareUsed):
        await Producer(link).submit(of_tenant("greedy", MOST_OF_A_TENANT))


async def test_a_hundred_greedy_tenants_leave_room_for_the_next_one(link: QueueClient) -> None:
    for number in range(100):
        await bring(link, f"greedy{number}", MOST_OF_A_TENANT)
    assert await bring(link, "modest", 2) == 2
    assert await link.redis_py.hlen(f"{PREFIX}cb") < MOST_OF_ALL_TENANTS


async def test_the_types_of_the_catalogue_and_the_operator_have_room_of_their_own(link: QueueClient) -> None:
    tenants = 0
    while await bring(link, f"greedy{tenants}", MOST_OF_A_TENANT):
        tenants += 1
    standing = [make_step(tenant=TenantId("late"), requirements=entry.requirements) for entry in CATALOGUE.values()]
    answers = await Producer(link).submit_many(standing)
    assert all(isinstance(answer, Submitted) for answer in answers)
    assert await bring(link, SYSTEM_TENANT, MOST_OF_THE_OPERATOR + 1) == MOST_OF_THE_OPERATOR
    with pytest.raises(TooManyClasses) as refused:
        await Producer(link).submit(of_tenant("later", 0))
    assert not isinstance(refused.value, ClassShareUsed)


async def test_a_class_that_somebody_brought_stands_once_it_is_in_the_catalogue(link: QueueClient) -> None:
    await bring(link, "greedy", 3)
    [first, *_] = (await known(link)).values()
    await link.run(load("adopt"), "another run", 12_000, first)
    assert await link.redis_py.hget(f"{PREFIX}ct", "greedy") == "2"
    assert first not in (await known(link)).values()
    await Producer(link).cancel(of_tenant("greedy", 0).id, reason="asked")
    await hours(link, 3)
    assert await link.redis_py.hexists(f"{PREFIX}cls", first)


async def test_a_step_that_was_refused_for_lack_of_room_says_so_and_is_taken_later(link: QueueClient) -> None:
    port, producer = await worker(link), Producer(link)
    await producer.submit_many([tagged(number) for number in range(MOST_OF_A_TENANT)])
    refused = tagged(MOST_OF_A_TENANT)
    with pytest.raises(ClassShareUsed):
        await producer.submit(refused)
    waiting = await Insight(link).why_waiting(refused.id)
    assert waiting is not None
    assert waiting.reason is WaitReason.NO_ROOM
    await finish_all(port)
    await hours(link, 2, sweeps=30)
    assert (await producer.submit(refused)).created
    await finish_all(port)
    assert await Insight(link).why_waiting(refused.id) is None


async def test_classes_that_nobody_used_for_long_make_room_for_others(link: QueueClient) -> None:
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


async def test_a_collected_class_leaves_no_key(link: QueueClient) -> None:
    port, producer = await worker(link), Producer(link)
    steps = [tagged(0), make_step(requirements=Requirements(type="simulation", models=("m",))), tagged(1)]
    await producer.submit_many(steps)
    for step in steps[1:]:  # nobody can do the one, and somebody the other
        await producer.cancel(step.id, reason="asked")
    await finish_all(port)
    await hours(link, 2)
    kinds = {str(key).removeprefix(PREFIX).split(":")[0] for key in await link.redis_py.keys(f"{PREFIX}*")}
    left = {"clr", "cb", "ct", "cr", "cu", "tn", "rc", "r", "q", "uw"}
    assert kinds & left == set()
    assert {await link.redis_py.hlen(f"{PREFIX}{name}") for name in ("cls", "cld")} == {len(CATALOGUE)}


async def test_a_class_is_retained_for_an_hour_after_its_last_step(link: QueueClient) -> None:
    port = await worker(link)
    await Producer(link).submit(tagged(0))
    await hours(link, 2)
    await finish_all(port)
    await hours(link, 1)
    assert len(await known(link)) == 1
    await hours(link, 1)
    assert await known(link) == {}


async def test_a_submission_takes_a_retired_class_back(link: QueueClient) -> None:
    port, producer = await worker(link), Producer(link)
    await producer.submit(tagged(0))
    await finish_all(port)
    await hours(link, 1)
    step, before = tagged(0), await known(link)
    await producer.submit(step)
    await hours(link, 3)
    assert await known(link) == before
    assert [claimed.id for claimed in (await port.turn(want=1)).claims] == [step.id]


async def test_a_number_is_never_given_to_other_requirements(link: QueueClient) -> None:
    port, producer = await worker(link), Producer(link)
    await producer.submit_many([tagged(0), tagged(1)])
    await finish_all(port)
    before = await known(link)
    await hours(link, 2)
    await producer.submit(tagged(2))
    assert before.keys().isdisjoint(await known(link))


async def test_a_step_delayed_by_years_keeps_its_class(link: QueueClient) -> None:
    port, producer = await worker(link), Producer(link)
    step, more = tagged(0, not_before_ms=YEARS_AHEAD_MS), tagged(1)
    await producer.submit_many([step, more])
    await finish_all(port)
    await hours(link, 5)
    assert len(await known(link)) == 1
    await link.redis_py.zadd(f"{PREFIX}dl", {step.id: 1})
    await Sweeper(link).sweep()
    assert [claimed.id for claimed in (await port.turn(want=1)).claims] == [step.id]


async def test_a_step_that_runs_for_hours_keeps_its_class_and_may_be_retried(link: QueueClient) -> None:
    port, producer = await worker(link), Producer(link)
    await producer.submit(tagged(0))
    [claimed] = (await port.turn(want=1)).claims
    await hours(link, 5)
    await port.turn(want=0, finishes=[Finish(claimed.id, claimed.token, Outcome.RETRY, ERROR)])
    assert [again.id for again in (await port.turn(want=1)).claims] == [claimed.id]


async def test_a_step_that_is_retried_while_the_sweeper_looks_keeps_its_class(link: QueueClient) -> None:
    port, sweeper = await worker(link), Sweeper(link)
    await Producer(link).submit(tagged(0))
    [claimed] = (await port.turn(want=1)).claims
    await hours(link, 1)
    await pass_an_hour(link, sweeper, sweeps=1)  # the delayed steps were looked at, the running ones come next
    await port.turn(want=0, finishes=[Finish(claimed.id, claimed.token, Outcome.RETRY, ERROR, 3_600_000)])
    for _ in range(3):
        await sweeper.sweep()
    assert len(await known(link)) == 1


async def test_a_step_whose_delay_ends_after_its_class_was_retired_keeps_it(link: QueueClient) -> None:
    port, sweeper, step = await worker(link), Sweeper(link), tagged(0, not_before_ms=YEARS_AHEAD_MS)
    await Producer(link).submit(step)
    await pass_an_hour(link, sweeper)
    await link.redis_py.zadd(f"{PREFIX}dl", {step.id: 1})
    await sweeper.sweep()
    await pass_an_hour(link, sweeper)
    assert len(await known(link)) == 1
    assert [claimed.id for claimed in (await port.turn(want=1)).claims] == [step.id]


async def test_many_steps_are_looked_at_a_few_in_each_sweep(link: QueueClient) -> None:
    port, producer = await worker(link), Producer(link)
    delayed = [tagged(0, not_before_ms=YEARS_AHEAD_MS) for _ in range(300)]
    await producer.submit_many([*delayed, tagged(1)])
    await finish_all(port)
    await hours(link, 2)
    assert len(await known(link)) == 2, "a few sweeps do not get through"
    await hours(link, 1, sweeps=30)
    assert len(await known(link)) == 1


async def test_a_dead_letter_runs_again_after_its_class_was_collected(link: QueueClient) -> None:
    port, letters = await worker(link), DeadLetters(link)
    step = tagged(0).model_copy(update={"tenant": SYSTEM_TENANT})
    await Producer(link).submit(step)
    [claimed] = (await port.turn(want=1)).claims
    await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.FAIL, ERROR)])
    await hours(link, 2)
    await link.redis_py.hset(f"{PREFIX}ct", SYSTEM_TENANT, MOST_OF_THE_OPERATOR)
    with pytest.raises(ClassShareUsed):
        await letters.requeue(step.id)
    assert await letters.count() == 1
    await link.redis_py.hdel(f"{PREFIX}ct", SYSTEM_TENANT)
    assert await letters.requeue(step.id)
    [again] = (await port.turn(want=1)).claims
    assert (again.id, again.requirements) == (step.id, step.requirements)


async def test_a_type_may_be_resumed_while_its_classes_are_collected(link: QueueClient) -> None:
    port = await worker(link)
    await Producer(link).submit(tagged(0))
    await finish_all(port)
    await Control(link).pause("simulation")
    [number] = await known(link)
    await hours(link, 2)
    assert await link.run(load("reindex"), number) == 0
    await Control(link).resume("simulation")


async def test_a_walk_of_another_run_of_the_server_does_not_count(link: QueueClient) -> None:
    await link.redis_py.hset(link.keys.meta, mapping={"walk": "1\tlz\t17", "walked": "9999999999999", "run": "another"})
    link.forget_epoch()
    await link.epoch()
    assert await link.redis_py.hmget(link.keys.meta, "walk", "walked") == [None, None]

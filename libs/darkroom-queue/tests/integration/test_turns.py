"""The worker's script call by call, so that each promise can be seen without timing."""

import pytest
from darkroom_queue import CancelOutcome, EventLog, Producer, QueueClient, Sweeper, WorkerSuperseded
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import TenantId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import ClaimedStep, StepError, StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements
from support.steps import make_step, make_worker

ERROR = StepError(code=StepErrorCode.BACKEND, message="broke", retryable=True).model_dump_json()


async def worker(link: QueueClient, name: str = "w1", *, lease_s: float = 12.0, **changes: object) -> WorkerPort:
    port = WorkerPort(link, make_worker(name, **changes), lease_s=lease_s)
    await port.register()
    return port


async def submit(link: QueueClient, **changes: object) -> StepSubmit:
    step = make_step(**changes)
    await Producer(link).submit(step)
    return step


async def claim(port: WorkerPort, want: int = 1) -> tuple[ClaimedStep, ...]:
    return (await port.turn(want=want)).claims


async def status(link: QueueClient, step: StepSubmit) -> JobStatus:
    view = await Producer(link).read(step.id)
    assert view is not None
    return view.status


async def expire_leases(link: QueueClient) -> None:
    """Move every lease deadline into the past: the clock of the server cannot be moved."""
    for step_id in await link.command("ZRANGE", "{darkroom-0}:lz", 0, -1):
        await link.redis_py.zadd("{darkroom-0}:lz", {step_id: 1})


async def test_a_claim_carries_the_payload_and_a_token(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link, payload={"prompt": "a\tb\nc ü"}, timeout_s=5.0)
    [claimed] = await claim(port)
    assert (claimed.id, claimed.payload, claimed.attempt) == (step.id, {"prompt": "a\tb\nc ü"}, 1)
    assert (claimed.timeout_s, claimed.requirements) == (5.0, step.requirements)
    assert claimed.token


async def test_a_finish_completes_the_step_and_repeating_it_is_harmless(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link)
    [claimed] = await claim(port)
    finish = Finish(step.id, claimed.token, Outcome.OK, '{"text":"done"}')
    answers = [await port.turn(want=0, finishes=[finish]) for _ in range(2)]
    view = await Producer(link).read(step.id)
    assert [a.refused for a in answers] == [(), ()]
    assert view is not None
    assert view.result is not None
    assert (view.status, view.result.text) == (JobStatus.COMPLETED, "done")
    kinds = [e.type for e in await EventLog(link).read(None)]
    assert kinds == ["step.queued", "step.started", "step.completed"]


async def test_a_late_worker_cannot_overwrite_the_result_of_the_new_owner(link: QueueClient) -> None:
    late, new, step = await worker(link, "late"), await worker(link, "new"), await submit(link)
    [old] = await claim(late)
    await expire_leases(link)
    await Sweeper(link).sweep()
    [fresh] = await claim(new)
    await new.turn(want=0, finishes=[Finish(step.id, fresh.token, Outcome.OK, '{"text":"new"}')])
    turn = await late.turn(want=0, finishes=[Finish(step.id, old.token, Outcome.OK, '{"text":"late"}')])
    view = await Producer(link).read(step.id)
    assert [finish.step_id for finish in turn.refused] == [step.id]
    assert view is not None
    assert view.result is not None
    assert (view.result.text, view.attempt) == ("new", 2)


async def test_a_heartbeat_with_a_stale_token_extends_nothing_and_is_answered_as_lost(link: QueueClient) -> None:
    late, new, step = await worker(link, "late"), await worker(link, "new"), await submit(link)
    [old] = await claim(late)
    await expire_leases(link)
    [fresh] = await claim(new)
    deadline = await link.redis_py.zscore("{darkroom-0}:lz", step.id)
    turn = await late.turn(want=0, heartbeats=[(step.id, old.token)])
    assert turn.lost == (step.id,)
    assert await link.redis_py.zscore("{darkroom-0}:lz", step.id) == deadline
    assert fresh.token != old.token


async def test_a_claim_whose_answer_was_lost_comes_again_with_the_same_token(link: QueueClient) -> None:
    port, _ = await worker(link), await submit(link)
    [lost_answer] = await claim(port)
    turn = await port.turn(want=1, heartbeats=[])
    assert [(c.id, c.token) for c in turn.claims] == [(lost_answer.id, lost_answer.token)]


async def test_a_retryable_failure_is_delayed_and_then_runs_again_until_attempts_run_out(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link, max_attempts=2)
    [first] = await claim(port)
    turn = await port.turn(want=1, finishes=[Finish(step.id, first.token, Outcome.RETRY, ERROR, 50_000)])
    assert turn.next_due_s == pytest.approx(50, abs=1)
    assert await status(link, step) is JobStatus.DELAYED
    await link.redis_py.zadd("{darkroom-0}:dl", {step.id: 1})
    [second] = await claim(port)
    await port.turn(want=0, finishes=[Finish(step.id, second.token, Outcome.RETRY, ERROR, 1)])
    view = await Producer(link).read(step.id)
    assert view is not None
    assert view.error is not None
    assert (view.status, view.attempt, view.error.message) == (JobStatus.FAILED, 2, "broke")


async def test_a_failure_that_is_not_retryable_ends_the_step(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link)
    [claimed] = await claim(port)
    await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.FAIL, ERROR)])
    assert await status(link, step) is JobStatus.FAILED


async def test_a_released_step_costs_no_attempt(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link, max_attempts=1)
    [claimed] = await claim(port)
    turn = await port.turn(want=1, finishes=[Finish(step.id, claimed.token, Outcome.RELEASE)])
    assert [c.attempt for c in turn.claims] == [1]
    assert turn.claims[0].token != claimed.token


async def test_only_a_waiting_step_can_be_failed_from_outside(link: QueueClient) -> None:
    port, producer = await worker(link), Producer(link)
    step, late = await submit(link), StepError(code=StepErrorCode.TIMEOUT, message="too late")
    [claimed] = await claim(port)
    assert not await producer.fail_waiting(step.id, late)
    await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.RELEASE)])
    assert [await producer.fail_waiting(step.id, late) for _ in range(2)] == [True, False]
    view = await producer.read(step.id)
    assert view is not None
    assert (view.status, view.error) == (JobStatus.FAILED, late)
    assert (await producer.depth()).queued == 0
    assert not await claim(port)


async def test_a_step_that_must_not_run_twice_fails_when_its_worker_vanishes(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link, redelivery="never")
    await claim(port)
    await expire_leases(link)
    await Sweeper(link).sweep()
    view = await Producer(link).read(step.id)
    assert view is not None
    assert view.error is not None
    assert view.error.code is StepErrorCode.LEASE_EXPIRED


async def test_a_running_step_learns_of_its_cancel_and_ends_cancelled(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link)
    [claimed] = await claim(port)
    assert await Producer(link).cancel(step.id, reason="user") is CancelOutcome.REQUESTED
    turn = await port.turn(want=0, heartbeats=[(step.id, claimed.token)])
    assert turn.cancelled == (step.id,)
    await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.CANCELLED)])
    assert await status(link, step) is JobStatus.CANCELLED


async def test_a_cancel_that_the_worker_ignores_is_forced(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link)
    [claimed] = await claim(port)
    await Producer(link).cancel(step.id, reason="user")
    await link.redis_py.zadd("{darkroom-0}:cz", {step.id: 1})
    await Sweeper(link).sweep()
    turn = await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.OK)])
    assert [finish.step_id for finish in turn.refused] == [step.id]
    assert await status(link, step) is JobStatus.CANCELLED


async def test_a_cancelled_step_whose_worker_vanishes_is_cancelled_not_retried(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link)
    await claim(port)
    await Producer(link).cancel(step.id, reason="user")
    await expire_leases(link)
    await Sweeper(link).sweep()
    assert await status(link, step) is JobStatus.CANCELLED


async def test_a_cancelled_step_that_a_draining_worker_gives_back_is_cancelled(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link)
    [claimed] = await claim(port)
    await Producer(link).cancel(step.id, reason="user")
    await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.RELEASE)])
    assert await status(link, step) is JobStatus.CANCELLED


async def test_a_worker_claims_only_what_it_can_do(link: QueueClient) -> None:
    needs = Requirements(type="sdxl", models=("a", "b"), vram_gb=12, tags=("eu",))
    step = await submit(link, requirements=needs)
    small = Capabilities(types=("sdxl",), models=("a", "b"), vram_gb=8, tags=("eu",))
    other = Capabilities(types=("sdxl",), models=("a",), vram_gb=24, tags=("eu",))
    right = Capabilities(types=("sdxl", "wan"), models=("a", "b", "c"), vram_gb=24, tags=("eu", "fast"))
    for capabilities in (small, other):
        assert await claim(await worker(link, "no", capabilities=capabilities)) == ()
    assert [c.id for c in await claim(await worker(link, "yes", capabilities=right))] == [step.id]


async def test_a_worker_that_comes_after_the_steps_finds_them(link: QueueClient) -> None:
    steps = [await submit(link) for _ in range(3)]
    assert {c.id for c in await claim(await worker(link), want=5)} == {s.id for s in steps}


async def test_inside_a_tenant_priority_is_a_bounded_head_start(link: QueueClient) -> None:
    hour = 3_600_000_000
    old = await submit(link, created_us=1_000 * hour, priority=50)
    urgent = await submit(link, created_us=1_000 * hour + 60_000_000, priority=90)
    young_urgent = await submit(link, created_us=1_001 * hour, priority=90)
    claims = await claim(await worker(link), want=3)
    assert [c.id for c in claims] == [urgent.id, old.id, young_urgent.id]


async def test_a_tenant_with_a_long_queue_does_not_hold_up_another(link: QueueClient) -> None:
    for number in range(20):
        await submit(link, tenant=TenantId("big"), created_us=number)
    late = await submit(link, tenant=TenantId("small"), created_us=10**9)
    claims = await claim(await worker(link), want=2)
    assert late.id in [c.id for c in claims]


async def test_weight_divides_the_pool_in_proportion(link: QueueClient) -> None:
    for number in range(30):
        await submit(link, tenant=TenantId("heavy"), weight=2.0, created_us=number)
        await submit(link, tenant=TenantId("light"), weight=1.0, created_us=number)
    claims = await claim(await worker(link), want=30)
    heavy = sum(c.tenant == "heavy" for c in claims)
    assert heavy in range(19, 22)


async def test_a_newer_process_of_a_worker_takes_over_at_once(link: QueueClient) -> None:
    old, step = await worker(link, "w1"), await submit(link)
    await claim(old)
    new = await worker(link, "w1")
    with pytest.raises(WorkerSuperseded):
        await old.turn(want=1)
    view = await Producer(link).read(step.id)
    assert view is not None
    assert view.status is JobStatus.QUEUED
    assert [c.attempt for c in await claim(new)] == [2]


async def test_a_leaving_worker_gives_its_steps_back(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link)
    await claim(port)
    await port.unregister()
    assert await status(link, step) is JobStatus.QUEUED
    assert not (await port.turn(want=1)).registered


async def test_the_time_limit_ends_a_step_whose_worker_only_sends_heartbeats(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link, timeout_s=100.0)
    [claimed] = await claim(port)
    lease = (await link.command("HGET", "{darkroom-0}:l", step.id)).split("\t")
    await link.command("HSET", "{darkroom-0}:l", step.id, "\t".join([*lease[:3], "1", *lease[4:]]))
    await port.turn(want=0, heartbeats=[(step.id, claimed.token)])
    view = await Producer(link).read(step.id)
    assert view is not None
    assert view.error is not None
    assert view.error.code is StepErrorCode.TIMEOUT


async def test_an_outage_of_sweeping_moves_every_deadline(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link)
    await claim(port)
    before = float(await link.command("ZSCORE", "{darkroom-0}:lz", step.id))
    swept = int(await link.command("HGET", "{darkroom-0}:meta", "swept"))
    await link.redis_py.hset("{darkroom-0}:meta", "swept", swept - 60_000)
    await Sweeper(link).sweep()
    assert float(await link.command("ZSCORE", "{darkroom-0}:lz", step.id)) >= before + 60_000


async def test_counters_return_to_zero(link: QueueClient) -> None:
    port, producer = await worker(link), Producer(link)
    for outcome in (Outcome.OK, Outcome.FAIL, Outcome.CANCELLED):
        step = await submit(link)
        [claimed] = await claim(port)
        assert (await producer.depth()).running_by_type == {"simulation": 1}
        await port.turn(want=0, finishes=[Finish(step.id, claimed.token, outcome, ERROR)])
    depth = await producer.depth()
    assert (depth.queued, depth.running, depth.delayed, depth.by_type) == (0, 0, 0, {})


async def test_a_drained_queue_leaves_no_step_behind(link: QueueClient) -> None:
    port = await worker(link)
    for _ in range(5):
        await submit(link)
    finishes = [Finish(c.id, c.token, Outcome.OK) for c in await claim(port, want=5)]
    await port.turn(want=1, finishes=finishes)
    left = [
        k async for k in link.redis_py.scan_iter("*") if k.split(":")[1] in {"s", "l", "q", "tn", "rc", "r", "h", "lz"}
    ]
    assert left == []

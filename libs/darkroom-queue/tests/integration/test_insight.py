from typing import Any

import pytest
from darkroom_queue import Insight, Producer, QueueClient, WaitReason
from darkroom_queue.operate.insight import nearest_lack, quantiles, start_interval
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.ids import StepId, TenantId
from darkroom_schemas.step import StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements
from support.steps import make_step, make_worker


async def submit(link: QueueClient, **changes: Any) -> StepSubmit:
    step = make_step(**changes)
    await Producer(link).submit(step)
    return step


async def worker(link: QueueClient, **changes: Any) -> WorkerPort:
    port = WorkerPort(link, make_worker(**changes), lease_s=12)
    await port.register()
    return port


async def test_without_a_worker_a_step_is_unworkable_at_once(link: QueueClient) -> None:
    step = await submit(link)
    waiting = await Insight(link).why_waiting(step.id)
    assert waiting is not None
    assert (waiting.reason, waiting.missing) == (WaitReason.UNWORKABLE, ("no worker is registered",))


async def test_an_unworkable_step_names_what_the_nearest_worker_lacks(link: QueueClient) -> None:
    await worker(link, capabilities=Capabilities(types=("sdxl",), models=("a",), vram_gb=8))
    step = await submit(link, requirements=Requirements(type="sdxl", models=("a", "b"), vram_gb=12))
    waiting = await Insight(link).why_waiting(step.id)
    assert waiting is not None
    assert waiting.missing == ("model b", "12 GB of GPU memory instead of 8")


async def test_a_step_behind_its_tenants_others_says_how_many(link: QueueClient) -> None:
    await worker(link)
    for number in range(3):
        await submit(link, created_us=number)
    step = await submit(link, created_us=10)
    waiting = await Insight(link).why_waiting(step.id)
    assert waiting is not None
    assert (waiting.reason, waiting.ahead, waiting.matching_workers) == (WaitReason.BEHIND_OTHERS, 3, 1)


async def test_the_next_step_of_the_only_tenant_is_next(link: QueueClient) -> None:
    await worker(link)
    step = await submit(link)
    waiting = await Insight(link).why_waiting(step.id)
    assert waiting is not None
    assert (waiting.reason, waiting.tenants, waiting.start_in_s) == (WaitReason.NEXT, 1, None)


async def test_another_tenants_work_counts_as_being_behind_others(link: QueueClient) -> None:
    await worker(link)
    await submit(link, tenant=TenantId("other"))
    step = await submit(link)
    waiting = await Insight(link).why_waiting(step.id)
    assert waiting is not None
    assert (waiting.reason, waiting.tenants) == (WaitReason.BEHIND_OTHERS, 2)


async def test_a_scheduled_step_says_when_it_is_due(link: QueueClient) -> None:
    step = await submit(link, not_before_ms=9_999_999_999_999)
    waiting = await Insight(link).why_waiting(step.id)
    assert waiting is not None
    assert (waiting.reason, waiting.due_at_ms) == (WaitReason.DELAYED, 9_999_999_999_999)


async def test_a_running_an_ended_and_an_unknown_step_do_not_wait(link: QueueClient) -> None:
    port, step = await worker(link), await submit(link)
    [claimed] = (await port.turn(want=1)).claims
    assert await Insight(link).why_waiting(step.id) is None
    await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.OK)])
    assert await Insight(link).why_waiting(step.id) is None
    assert await Insight(link).why_waiting(StepId("nobody")) is None


async def test_measured_service_times_give_an_interval(link: QueueClient) -> None:
    port = await worker(link)
    for _ in range(5):
        await submit(link)
    finishes = [Finish(c.id, c.token, Outcome.OK) for c in (await port.turn(want=5)).claims]
    await port.turn(want=0, finishes=finishes)
    await submit(link, created_us=1)
    step = await submit(link, created_us=2)
    waiting = await Insight(link).why_waiting(step.id)
    assert waiting is not None
    assert waiting.start_in_s is not None
    assert 0 < waiting.start_in_s[0] <= waiting.start_in_s[1]


def test_the_worker_that_lacks_least_is_named() -> None:
    need = Requirements(type="sdxl", models=("a", "b"))
    far, near = Capabilities(types=("wan",)), Capabilities(types=("sdxl",), models=("b",))
    assert nearest_lack(need, [far, near]) == ("model a",)


def test_quantiles_need_some_measurements_and_lie_in_their_buckets() -> None:
    assert quantiles({0: 4}) is None
    median, slow = quantiles({20: 9, 24: 1}) or (0, 0)  # 9 of 1.0 s and more, 1 of 4.1 s and more
    assert 1.024 < median < 1.5
    assert 1.024 < slow < 1.5


@pytest.mark.parametrize(("ahead", "tenants", "waiting", "upper"), [(0, 1, 1, 2.0), (2, 1, 3, 6.0), (2, 3, 50, 18.0)])
def test_the_interval_grows_with_what_is_ahead_and_with_rivals(
    ahead: int, tenants: int, waiting: int, upper: float
) -> None:
    assert start_interval((1.0, 2.0), ahead, tenants, waiting, 1) == (float(ahead), upper)

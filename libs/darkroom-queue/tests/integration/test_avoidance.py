"""A step does not go back to the worker whose device failed it while another one can run it."""

import pytest
from darkroom_queue import Insight, Producer, QueueClient, StepContext, StepFailed
from darkroom_queue.worker.attempt import Attempt
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import TenantId, WorkerId
from darkroom_schemas.step import ClaimedStep, StepError, StepResult, StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements
from support.steps import make_step, make_worker

AVOIDANCES = "{darkroom-0}:av"


async def worker(link: QueueClient, name: str, vram_gb: int = 0) -> WorkerPort:
    able = Capabilities(types=("simulation",), vram_gb=vram_gb)
    port = WorkerPort(link, make_worker(name, capabilities=able), lease_s=12)
    await port.register()
    return port


async def submit(link: QueueClient, **changes: object) -> StepSubmit:
    step = make_step(max_attempts=9, **changes)
    await Producer(link).submit(step)
    return step


async def claims(port: WorkerPort, want: int = 1) -> list[ClaimedStep]:
    return list((await port.turn(want=want)).claims)


async def fails(port: WorkerPort, outcome: Outcome = Outcome.RETRY_ELSEWHERE) -> None:
    [step] = await claims(port)
    await port.turn(want=0, finishes=[Finish(step.id, step.token, outcome)])


async def test_the_other_worker_gets_the_step(link: QueueClient) -> None:
    failing, other = await worker(link, "failing"), await worker(link, "other")
    step = await submit(link)
    await fails(failing)
    assert await claims(failing) == []
    assert [claim.id for claim in await claims(other)] == [step.id]


async def test_the_only_worker_gets_the_step_again(link: QueueClient) -> None:
    failing = await worker(link, "failing")
    step = await submit(link)
    await fails(failing)
    assert [claim.id for claim in await claims(failing)] == [step.id]


async def test_a_worker_that_leaves_is_no_alternative(link: QueueClient) -> None:
    failing, other = await worker(link, "failing"), await worker(link, "other")
    await submit(link)
    await fails(failing)
    await other.unregister()
    assert len(await claims(failing)) == 1


async def test_the_failing_worker_gets_the_steps_behind_it_and_their_order_stays(link: QueueClient) -> None:
    failing, other = await worker(link, "failing"), await worker(link, "other")
    steps = [await submit(link, tenant=TenantId(f"t{number % 2}"), created_us=number) for number in range(4)]
    await fails(failing)
    taken = [claim.id for claim in await claims(failing, want=9)]
    assert steps[0].id not in taken
    assert len(taken) == 3
    assert [claim.id for claim in await claims(other, want=9)] == [steps[0].id]


async def test_after_its_time_the_worker_gets_the_step_again(link: QueueClient) -> None:
    failing, _ = await worker(link, "failing"), await worker(link, "other")
    step = await submit(link)
    await fails(failing)
    entry = str(await link.redis_py.hget(AVOIDANCES, step.id)).rpartition("\t")[0]
    await link.redis_py.hset(AVOIDANCES, step.id, f"{entry}\t1")
    assert len(await claims(failing)) == 1


async def test_a_step_that_ran_out_of_memory_goes_to_a_larger_worker_only(link: QueueClient) -> None:
    small, equal = await worker(link, "small", vram_gb=12), await worker(link, "equal", vram_gb=12)
    large = await worker(link, "large", vram_gb=24)
    await submit(link, requirements=Requirements(type="simulation", vram_gb=8))
    await fails(small, Outcome.RETRY_LARGER)
    assert await claims(small) == []
    assert await claims(equal) == []
    assert len(await claims(large)) == 1


async def test_without_a_larger_worker_an_equal_one_gets_it(link: QueueClient) -> None:
    small, equal = await worker(link, "small", vram_gb=12), await worker(link, "equal", vram_gb=12)
    await submit(link)
    await fails(small, Outcome.RETRY_LARGER)
    assert await claims(small) == []
    assert len(await claims(equal)) == 1


async def test_a_worker_that_passes_over_a_step_leaves_no_wake_token_for_itself(link: QueueClient) -> None:
    failing, _ = await worker(link, "failing"), await worker(link, "other")
    await submit(link)
    await fails(failing)
    wake = link.keys.wake(await failing.register())
    await link.redis_py.delete(wake)
    assert await claims(failing) == []
    assert await link.redis_py.llen(wake) == 0


async def test_why_names_the_worker_that_is_avoided_and_until_when(link: QueueClient) -> None:
    failing = await worker(link, "failing")
    step = await submit(link)
    await fails(failing)
    alone = await Insight(link).why_waiting(step.id)
    assert alone is not None
    assert (alone.matching_workers, alone.avoids_worker) == (1, None)
    await worker(link, "other")
    waiting = await Insight(link).why_waiting(step.id)
    assert waiting is not None
    assert (waiting.matching_workers, waiting.avoids_worker) == (1, WorkerId("failing"))
    now_ms = 1000 * float((await link.redis_py.time())[0])
    assert waiting.avoids_until_ms is not None
    assert 0 < waiting.avoids_until_ms - now_ms <= 122_000


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (StepErrorCode.DEVICE_ERROR, Outcome.RETRY_ELSEWHERE),
        (StepErrorCode.WORKER_CRASHED, Outcome.RETRY_ELSEWHERE),
        (StepErrorCode.OUT_OF_MEMORY, Outcome.RETRY_LARGER),
        (StepErrorCode.INTERNAL, Outcome.RETRY),
    ],
)
async def test_the_code_of_a_failure_decides_where_the_retry_runs(
    link: QueueClient, code: StepErrorCode, outcome: Outcome
) -> None:
    port = await worker(link, "failing")
    await submit(link)
    [step] = await claims(port)
    finishes: list[Finish] = []

    async def handler(_: StepContext) -> StepResult:
        raise StepFailed(StepError(code=code, message="broke", retryable=True))

    attempt = Attempt(step, handler, port, WorkerId("failing"), lambda _, finish: finishes.append(finish))
    attempt.start()
    assert attempt._task is not None
    with pytest.raises(StepFailed):
        await attempt._task
    assert [finish.outcome for finish in finishes] == [outcome]

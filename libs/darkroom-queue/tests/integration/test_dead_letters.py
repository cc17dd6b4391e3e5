import pytest
from darkroom_queue import DeadLetters, EventLog, Producer, QueueClient, StepOfJob
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import SYSTEM_TENANT, StepId, TenantId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepError, StepSubmit
from support.steps import make_step, make_worker

ERROR = StepError(code=StepErrorCode.BACKEND, message="broke").model_dump_json()


async def fail(link: QueueClient, port: WorkerPort, tenant: TenantId = SYSTEM_TENANT) -> StepSubmit:
    step = make_step(payload={"keep": "me"}, tenant=tenant)
    await Producer(link).submit(step)
    [claimed] = (await port.turn(want=1)).claims
    await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.FAIL, ERROR)])
    return step


async def worker(link: QueueClient) -> WorkerPort:
    port = WorkerPort(link, make_worker(), lease_s=12)
    await port.register()
    return port


async def test_a_failed_step_is_listed_with_its_reason_the_latest_first(link: QueueClient) -> None:
    port = await worker(link)
    first, second = await fail(link, port), await fail(link, port)
    listed = list((await DeadLetters(link).page()).views)
    assert [view.id for view in listed] == [second.id, first.id]
    assert [view.error.message for view in listed if view.error] == ["broke", "broke"]
    assert await DeadLetters(link).count() == 2


async def test_a_requeued_step_runs_again_with_its_payload_and_all_its_attempts(link: QueueClient) -> None:
    port = await worker(link)
    step = await fail(link, port)
    assert await DeadLetters(link).requeue(step.id)
    [claimed] = (await port.turn(want=1)).claims
    assert (claimed.id, claimed.payload, claimed.attempt) == (step.id, {"keep": "me"}, 1)
    await port.turn(want=0, finishes=[Finish(step.id, claimed.token, Outcome.OK)])
    view = await Producer(link).read(step.id)
    assert view is not None
    assert view.status is JobStatus.COMPLETED
    assert list((await DeadLetters(link).page()).views) == []


async def test_only_a_dead_letter_can_be_requeued(link: QueueClient) -> None:
    step = make_step()
    await Producer(link).submit(step)
    assert not await DeadLetters(link).requeue(step.id)
    assert not await DeadLetters(link).requeue(StepId("nobody"))


async def test_a_step_of_a_users_job_is_not_requeued_but_says_what_to_do(link: QueueClient) -> None:
    port = await worker(link)
    step = await fail(link, port, TenantId("anna"))
    before = await EventLog(link).tail()
    with pytest.raises(StepOfJob, match=f"POST /api/jobs/{step.job_id}/retry"):
        await DeadLetters(link).requeue(step.id)
    assert await DeadLetters(link).count() == 1
    assert (await port.turn(want=1)).claims == ()
    assert await EventLog(link).read(before) == []


async def test_purging_forgets_the_given_and_the_old_but_not_how_they_ended(link: QueueClient) -> None:
    port, letters = await worker(link), DeadLetters(link)
    steps = [await fail(link, port) for _ in range(3)]
    assert await letters.purge([steps[0].id]) == 1
    assert await letters.purge(failed_before_ms=9_999_999_999_999) == 2
    assert await letters.count() == 0
    assert not await letters.requeue(steps[0].id)
    view = await Producer(link).read(steps[0].id)
    assert view is not None
    assert view.status is JobStatus.FAILED


async def test_a_cancelled_step_is_no_dead_letter(link: QueueClient) -> None:
    step = make_step()
    await Producer(link).submit(step)
    await Producer(link).cancel(step.id, reason="user")
    assert await DeadLetters(link).count() == 0


async def test_pages_show_each_dead_letter_once_also_of_one_millisecond(link: QueueClient) -> None:
    port, letters = await worker(link), DeadLetters(link)
    failed = {(await fail(link, port)).id for _ in range(7)}
    times = {str(step_id): 1_700_000_000_000.0 for step_id in failed}
    await link.redis_py.zadd(link.keys.dead_letters, times)
    found, cursor = list[str](), None
    for _ in range(4):
        page = await letters.page(limit=2, after=cursor)
        found += [view.id for view in page.views]
        cursor = page.cursor
    assert cursor is None
    assert found == sorted(failed, reverse=True)

"""What every connector does alike, whatever its peer is."""

import asyncio
import hashlib
from collections.abc import Callable

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.step import StepResult
from gpu_worker.domain.failures import ConnectorNotReady, Failure, Stopped
from support.fake_run import FakeRun
from support.waiting import until

from .subjects import SUBJECTS
from .suite import SECRET, STOP_S, Bench, Subject, id_of

MAX_BYTES = 200_000


def with_subjects(have: Callable[[Subject], bool]) -> pytest.MarkDecorator:
    """Run a test with those subjects only that have what it is about."""
    return pytest.mark.parametrize("subject", [one for one in SUBJECTS if have(one)], ids=id_of, indirect=True)


async def begun(bench: Bench, run: FakeRun) -> asyncio.Task[StepResult]:
    """Start an attempt and wait until the peer works on it."""
    task = asyncio.create_task(bench.backend.run(run))
    began = asyncio.create_task(bench.peer.began.wait())
    await asyncio.wait({task, began}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    began.cancel()
    if task.done():
        task.result()
    assert bench.peer.began.is_set(), "the peer did not begin"
    return task


async def ended(task: asyncio.Task[StepResult], within_s: float) -> BaseException | None:
    """Return how an attempt ended."""
    done, _ = await asyncio.wait({task}, timeout=within_s)
    assert done, f"the attempt did not end within {within_s} s"
    return task.exception()


async def test_a_server_that_answers_is_ready_and_says_what_it_offers(bench: Bench) -> None:
    await bench.backend.ping()
    found = await bench.backend.discover()
    assert set(bench.subject.models) <= set(found.models)
    assert bench.subject.job_type in bench.backend.types


async def test_a_run_reports_progress_and_stores_its_outputs(bench: Bench) -> None:
    run = bench.run()
    result = await bench.backend.run(run)
    assert run.reported == sorted(run.reported)
    assert run.reported[-1] == 100.0
    assert tuple(output.mime_type for output in result.outputs) == bench.subject.outputs
    assert result.outputs or result.text
    for index, output in enumerate(result.outputs):
        content = (bench.objects / output.key).read_bytes()
        assert output.index == index
        assert output.size_bytes == len(content)
        assert output.sha256 == hashlib.sha256(content).hexdigest()
        if output.mime_type.startswith(("image/", "video/")):
            assert output.thumbnail_key is not None
            assert (bench.objects / output.thumbnail_key).read_bytes()[8:12] == b"WEBP"
            assert (output.width or 0) > 0
            assert (output.height or 0) > 0
        assert isinstance(output.recipe, BackendRecipe)
        assert output.recipe.backend_type == bench.subject.type
        assert SECRET not in output.recipe.model_dump_json()
    stored = [key for output in result.outputs for key in (output.key, output.thumbnail_key) if key]
    assert len(await bench.leftovers()) == len(stored)


@with_subjects(lambda subject: bool(subject.previews))
async def test_previews_are_shown_while_work_runs(bench: Bench) -> None:
    bench.peer.hold()
    run = bench.run()
    task = await begun(bench, run)
    async with asyncio.timeout(10):
        await run.shown.wait()
    preview = run.previews[0]
    assert (bench.objects / preview.key).read_bytes()[8:12] == b"WEBP"
    bench.peer.release()
    await task


async def test_a_stop_of_running_work_cancels_it_and_nothing_else(bench: Bench) -> None:
    bench.peer.hold()
    run = bench.run()
    task = await begun(bench, run)
    run.stop.set()
    assert isinstance(await ended(task, STOP_S), Stopped)

    async def is_gone() -> bool:
        return bench.peer.own_work == 0

    await until(is_gone)
    assert await bench.leftovers() == []


@with_subjects(lambda subject: bool(subject.queues))
async def test_a_stop_of_waiting_work_leaves_the_work_of_others_alone(bench: Bench) -> None:
    bench.peer.occupy()
    run = bench.run()
    task = asyncio.create_task(bench.backend.run(run))

    async def is_waiting() -> bool:
        return bench.peer.own_work == 1

    await until(is_waiting)
    run.stop.set()
    assert isinstance(await ended(task, STOP_S), Stopped)
    assert (bench.peer.own_work, bench.peer.foreign_work) == (0, 1)


async def test_a_server_that_dies_fails_the_attempt_but_not_the_step(bench: Bench) -> None:
    bench.peer.hold()
    task = await begun(bench, bench.run())
    await bench.peer.kill()
    await bench.peer.start()
    failure = await ended(task, 20)
    assert isinstance(failure, Failure)
    assert failure.retryable is bench.subject.repeatable
    assert bench.peer.own_work == 0
    assert await bench.leftovers() == []


@with_subjects(lambda subject: bool(subject.has_server))
async def test_a_server_that_was_away_is_used_again(bench: Bench) -> None:
    await bench.backend.discover()
    await bench.peer.kill()
    with pytest.raises(ConnectorNotReady):
        await bench.backend.ping()
    await bench.peer.start()
    await bench.backend.ping()
    await bench.backend.discover()
    await bench.backend.run(bench.run())


async def test_an_attempt_on_a_server_that_hangs_can_be_stopped(bench: Bench) -> None:
    bench.peer.hold()
    run = bench.run()
    task = await begun(bench, run)
    bench.peer.hang()
    run.stop.set()
    assert isinstance(await ended(task, STOP_S), Stopped)
    assert await bench.leftovers() == []


@with_subjects(lambda subject: bool(subject.outputs))
async def test_an_output_without_an_end_is_refused_while_it_is_read(bench: Bench) -> None:
    bench.peer.send_endless_outputs()
    with pytest.raises(Failure) as caught:
        await bench.backend.run(bench.run({**bench.subject.job, "max_bytes": MAX_BYTES}))
    assert caught.value.code is StepErrorCode.OUTPUT_TOO_LARGE
    assert not caught.value.retryable
    assert await bench.leftovers() == []


@with_subjects(lambda subject: bool(subject.bad_job))
async def test_a_mistake_of_the_user_is_named_and_not_repeated(bench: Bench) -> None:
    with pytest.raises(Failure) as caught:
        await bench.backend.run(bench.run(bench.subject.bad_job))
    assert caught.value.code is bench.subject.bad_code
    assert not caught.value.retryable
    for word in bench.subject.bad_words:
        assert word in caught.value.message
    assert await bench.leftovers() == []


async def test_wrong_credentials_are_reported_without_the_secret(bench: Bench) -> None:
    bench.peer.require("another-secret")
    if bench.subject.has_server:
        with pytest.raises(ConnectorNotReady, match="credential") as refused:
            await bench.backend.discover()
        assert SECRET not in str(refused.value)
    with pytest.raises(Failure) as caught:
        await bench.backend.run(bench.run())
    assert "credential" in caught.value.message
    assert SECRET not in caught.value.message


async def test_right_credentials_are_accepted(bench: Bench) -> None:
    bench.peer.require(SECRET)
    await bench.backend.ping()
    await bench.backend.run(bench.run())

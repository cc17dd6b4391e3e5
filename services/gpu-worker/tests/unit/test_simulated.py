"""Simulated work takes the requested time, fails as requested, and draws pictures that name their job."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from gpu_worker.connectors.attempt import Storage
from gpu_worker.connectors.simulated.connector import SimulatedConnector
from gpu_worker.connectors.simulated.picture import draw_picture
from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.loops.object_deletions import ObjectDeletions
from gpu_worker.loops.store_health import StoreHealth
from gpu_worker.store.objects import ObjectUploads, open_store
from gpu_worker.store.spool import SpoolFolders
from PIL import Image, UnidentifiedImageError
from support.fake_run import MakeRun

QUICK: dict[str, Any] = {"duration_s": 0.0, "steps": 4}


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    uploads = ObjectUploads(open_store((tmp_path / "objects").as_uri()), StoreHealth())
    return Storage(uploads, SpoolFolders(tmp_path / "spool").folder, ObjectDeletions(uploads))


@pytest.fixture
def simulated(storage: Storage) -> SimulatedConnector:
    return SimulatedConnector(storage)


@pytest.fixture
def faulty(storage: Storage) -> SimulatedConnector:
    return SimulatedConnector(storage, faults=True)


async def outcome(simulated: SimulatedConnector, make_run: MakeRun, payload: dict[str, Any], attempt: int = 1) -> str:
    try:
        await simulated.run(make_run("simulation", payload, attempt))
    except Failure:
        return "failed"
    return "completed"


async def test_work_reports_progress_and_gives_a_result(simulated: SimulatedConnector, make_run: MakeRun) -> None:
    run = make_run("simulation", QUICK)
    result = await simulated.run(run)
    assert run.reported == [25.0, 50.0, 75.0, 100.0, 100.0]
    assert result.text == '{"duration_s": 0.0, "steps": 4, "seed": 0}'
    assert result.outputs == ()


async def test_the_same_seed_and_attempt_end_the_same(simulated: SimulatedConnector, make_run: MakeRun) -> None:
    orders = [QUICK | {"seed": seed, "fail_rate": 0.5} for seed in range(20)]
    first = [await outcome(simulated, make_run, order) for order in orders]
    assert first == [await outcome(simulated, make_run, order) for order in orders]
    assert set(first) == {"failed", "completed"}


async def test_another_attempt_may_end_differently(simulated: SimulatedConnector, make_run: MakeRun) -> None:
    order = QUICK | {"fail_rate": 0.5}
    ends = {await outcome(simulated, make_run, order, attempt) for attempt in range(1, 20)}
    assert ends == {"failed", "completed"}


async def test_a_requested_failure_may_be_final(simulated: SimulatedConnector, make_run: MakeRun) -> None:
    with pytest.raises(Failure) as caught:
        await simulated.run(make_run("simulation", QUICK | {"fail_rate": 1.0, "retryable": False}))
    assert caught.value.code is StepErrorCode.BACKEND
    assert not caught.value.retryable


async def test_work_stops_when_asked_to(simulated: SimulatedConnector, make_run: MakeRun) -> None:
    run = make_run("simulation", {"duration_s": 3600})
    run.stop.set()
    with pytest.raises(Stopped):
        await simulated.run(run)


@pytest.mark.parametrize("field", ["fail_rate", "pictures", "fault"])
async def test_a_wrong_payload_is_refused_by_field(
    simulated: SimulatedConnector, make_run: MakeRun, field: str
) -> None:
    with pytest.raises(Failure, match=field) as caught:
        await simulated.run(make_run("simulation", {field: -2}))
    assert caught.value.code is StepErrorCode.INVALID_PAYLOAD


async def test_the_time_grows_with_steps_and_pixels(simulated: SimulatedConnector, make_run: MakeRun) -> None:
    order = {"duration_s": 0.001, "step_megapixel_s": 0.001, "steps": 4, "pictures": 2, "width": 500, "height": 500}
    result = await simulated.run(make_run("simulation", order))
    assert result.timings_s["simulate"] == pytest.approx(0.001 + 0.001 * 4 * 0.5)


async def test_each_picture_has_its_seed_in_its_recipe(
    simulated: SimulatedConnector, make_run: MakeRun, tmp_path: Path
) -> None:
    order = QUICK | {"prompt": "a lighthouse at dawn", "pictures": 2, "width": 256, "height": 128, "seed": 41}
    result = await simulated.run(make_run("simulation", order))
    assert [output.index for output in result.outputs] == [0, 1]
    for output, seed in zip(result.outputs, (41, 42), strict=True):
        assert isinstance(output.recipe, BackendRecipe)
        assert (output.recipe.seed, output.recipe.prompt) == (seed, "a lighthouse at dawn")
        with Image.open(tmp_path / "objects" / output.key) as image:
            assert image.size == (output.width, output.height) == (256, 128)
    first, second = ((tmp_path / "objects" / output.key).read_bytes() for output in result.outputs)
    assert first != second


def test_a_picture_shows_its_text() -> None:
    blank, written, other = (draw_picture(512, 512, 1, lines) for lines in ([], ["seed 1"], ["seed 2"]))
    assert blank.getcolors() is not None
    assert len(blank.getcolors() or ()) == 1
    assert written.tobytes() != blank.tobytes()
    assert written.tobytes() != other.tobytes()


async def test_faults_need_the_permission_of_the_operator(simulated: SimulatedConnector, make_run: MakeRun) -> None:
    with pytest.raises(Failure, match="GPU_WORKER_SIMULATED_FAULTS") as caught:
        await simulated.run(make_run("simulation", QUICK | {"fault": "crash"}))
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("fault", "code"),
    [("out_of_memory", StepErrorCode.OUT_OF_MEMORY), ("storage", StepErrorCode.STORAGE)],
)
async def test_a_fault_ends_the_first_attempts_only(
    faulty: SimulatedConnector, make_run: MakeRun, fault: str, code: StepErrorCode
) -> None:
    order = QUICK | {"fault": fault, "fault_attempts": 2}
    for attempt in (1, 2):
        with pytest.raises(Failure) as caught:
            await faulty.run(make_run("simulation", order, attempt))
        assert (caught.value.code, caught.value.retryable) == (code, True)
    await faulty.run(make_run("simulation", order, 3))


async def test_work_that_hangs_ends_when_stopped(faulty: SimulatedConnector, make_run: MakeRun) -> None:
    run = make_run("simulation", QUICK | {"fault": "hang"})
    hanging = asyncio.create_task(faulty.run(run))
    await run.reports(2)
    run.stop.set()
    with pytest.raises(Stopped):
        await hanging


async def test_deaf_work_ends_only_when_it_is_cancelled(faulty: SimulatedConnector, make_run: MakeRun) -> None:
    run = make_run("simulation", QUICK | {"fault": "deaf"})
    deaf = asyncio.create_task(faulty.run(run))
    await run.reports(2)
    run.stop.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not deaf.done()
    deaf.cancel()
    with pytest.raises(asyncio.CancelledError):
        await deaf


async def test_slow_work_takes_longer_than_it_reports(faulty: SimulatedConnector, make_run: MakeRun) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await faulty.run(make_run("simulation", {"duration_s": 0.02, "steps": 2, "fault": "slow"}))
    assert loop.time() - began >= 0.1


async def test_a_lost_heartbeat_stops_the_whole_process(faulty: SimulatedConnector, make_run: MakeRun) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.001)

    heart = asyncio.create_task(beat())
    before = asyncio.get_running_loop().time()
    await faulty.run(make_run("simulation", QUICK | {"fault": "lost_heartbeat", "fault_s": 0.2}))
    heart.cancel()
    assert asyncio.get_running_loop().time() - before >= 0.2
    assert beats < 100


async def test_a_corrupt_output_is_stored_and_cannot_be_read(
    faulty: SimulatedConnector, make_run: MakeRun, tmp_path: Path
) -> None:
    order = QUICK | {"fault": "corrupt_output", "pictures": 1}
    (output,) = (await faulty.run(make_run("simulation", order))).outputs
    with pytest.raises((OSError, UnidentifiedImageError)), Image.open(tmp_path / "objects" / output.key) as image:
        image.load()

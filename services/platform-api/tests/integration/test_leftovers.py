"""Outputs of attempts that were not accepted are deleted a day later, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from darkroom_chassis.database import Database
from darkroom_queue import Handler, StepContext, StepFailed
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepError, StepResult
from platform_api.clients.objects import StoredObjects
from platform_api.domain.errors import StoreUnavailable
from platform_api.loops.orphan_collection import OrphanCollector
from platform_api.store.assets.orphan_scans import PostgresOrphanScans
from support.platform import Platform, StartWorker

BROKE = StepError(code=StepErrorCode.BACKEND, message="broke", retryable=True)


@pytest.fixture
async def database(platform: Platform) -> AsyncIterator[Database]:
    database = Database(platform.database_url, application="test", pool_size=2)
    yield database
    await database.close()


@pytest.fixture
def fails_once(produce: Handler) -> Handler:
    """Store everything and then fail, in the first attempt."""

    async def handler(context: StepContext) -> StepResult:
        result = await produce(context)
        if context.step.attempt == 1:
            raise StepFailed(BROKE)
        return result

    return handler


def files(platform: Platform) -> set[Path]:
    return {path for path in platform.objects.rglob("*") if path.is_file()}


async def keep(platform: Platform, database: Database, *, url: str | None = None, days: float = 0) -> None:
    """Do what the service does every ten minutes, when the orders are due, at a time some days from now."""
    await platform.rows("UPDATE platform.leftover_checks SET due_at = now() RETURNING 1")
    objects = StoredObjects(url or platform.settings.object_store_url)
    now = datetime.now(UTC) + timedelta(days=days)
    keeper = OrphanCollector(PostgresOrphanScans(database), objects, clock=lambda: now)
    while await keeper.collect_batch():
        pass


async def checks(platform: Platform) -> int:
    return len(await platform.rows("SELECT 1 FROM platform.leftover_checks WHERE due_at > now() + interval '23 hours'"))


async def test_only_what_no_asset_refers_to_is_deleted_and_only_after_a_day(
    platform: Platform, start_worker: StartWorker, fails_once: Handler, database: Database
) -> None:
    await start_worker(fails_once)
    anna = await platform.account("anna")
    job_id = (await anna.submit("sdxl_image_fast"))["id"]
    await anna.finished(job_id)
    assert (len(files(platform)), await checks(platform)) == (24, 1)
    await keep(platform, database, days=0.9)
    assert len(files(platform)) == 24
    assert await checks(platform) == 0


async def test_leftovers_of_a_job_that_has_ended_are_deleted(
    platform: Platform, start_worker: StartWorker, fails_once: Handler, database: Database
) -> None:
    await start_worker(fails_once)
    anna = await platform.account("anna")
    jobs = [(await anna.submit("sdxl_image_fast"))["id"] for _ in range(2)]
    for job_id in jobs:
        await anna.finished(job_id)
    stranger = platform.objects / f"{jobs[0]}x" / "0.png"
    stranger.parent.mkdir()
    stranger.write_bytes(b"of another job")
    await keep(platform, database, days=1.1)
    assert len(files(platform) - {stranger}) == 24
    assert stranger.is_file()
    for asset in (await anna.http.get("/api/assets")).json()["assets"]:
        assert (await anna.http.get(platform.local(asset["url"]))).status_code == 200
    assert await checks(platform) == 0


async def test_a_job_that_goes_on_is_looked_over_another_day(
    platform: Platform, start_worker: StartWorker, produce: Handler, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it hold up the jobs after it."""
    monkeypatch.setattr("platform_api.loops.orphan_collection.BATCH", 2)
    again, go_on = asyncio.Event(), asyncio.Event()

    async def handler(context: StepContext) -> StepResult:
        result = await produce(context)
        if context.step.attempt == 1:
            raise StepFailed(BROKE)
        if context.step.job_id == slow:
            again.set()
            await go_on.wait()
        return result

    await start_worker(handler)
    anna = await platform.account("anna")
    slow = (await anna.submit("image_fast"))["id"]
    for _ in range(3):
        await anna.finished((await anna.submit("image_fast"))["id"])
    await asyncio.wait_for(again.wait(), 20)
    assert (len(files(platform)), await checks(platform)) == (16, 4)
    await keep(platform, database, days=1.1)
    assert (len(files(platform)), await checks(platform)) == (10, 1)
    go_on.set()
    await anna.finished(slow)
    await keep(platform, database, days=1.1)
    assert (len(files(platform)), await checks(platform)) == (8, 0)


async def test_leftovers_stay_noted_while_the_store_is_unavailable(
    platform: Platform, start_worker: StartWorker, fails_once: Handler, database: Database, tmp_path: Path
) -> None:
    await start_worker(fails_once)
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    await anna.finished(job_id)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / job_id).symlink_to(broken / job_id)  # a folder that cannot be read
    with pytest.raises(StoreUnavailable, match="rejected a listing"):
        await keep(platform, database, url=broken.as_uri(), days=1.1)
    assert await checks(platform) == 1
    await keep(platform, database, days=1.1)
    assert len(files(platform)) == 2


async def test_a_job_whose_first_attempt_succeeds_is_not_looked_over(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    await anna.finished((await anna.submit("image_fast"))["id"])
    assert await checks(platform) == 0

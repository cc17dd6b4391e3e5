"""Assets in lists, one by one, and on their way out: by their owner, by age, and when they are too large."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from darkroom_chassis.database import Database
from darkroom_queue import Handler, StepContext
from darkroom_schemas.step import StepResult
from httpx_sse import aconnect_sse
from platform_api.clients.objects import StoredObjects
from platform_api.domain.assets.ports import Objects
from platform_api.domain.assets.retention import Retention
from platform_api.domain.errors import StoreUnavailable
from platform_api.loops.asset_retention import AssetRetention
from platform_api.loops.wakeup import Wakeup
from platform_api.store.assets.object_deletions import PostgresObjectDeletions
from platform_api.store.assets.removal import PostgresAssetRemoval
from support.emprops import collection, generate, generated, workflow
from support.platform import Platform, StartWorker
from support.waiting import until

SOME_ID = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"


def files(platform: Platform) -> set[Path]:
    return {path for path in platform.objects.rglob("*") if path.is_file()}


async def until_files(platform: Platform, count: int) -> None:
    async def there_are() -> bool:
        return len(files(platform)) == count

    await until(there_are)


class NoStore:
    """A store that does not answer."""

    async def size(self, key: str) -> int | None:
        raise StoreUnavailable

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        raise StoreUnavailable

    async def delete(self, keys: Sequence[str]) -> None:
        if keys:
            raise StoreUnavailable("the store is away")


@pytest.fixture
async def database(platform: Platform) -> AsyncIterator[Database]:
    database = Database(platform.database_url, application="test", pool_size=2)
    yield database
    await database.close()


def keeper(database: Database, objects: Objects, retention: Retention, now: datetime) -> AssetRetention:
    removal = PostgresAssetRemoval(database)
    return AssetRetention(
        PostgresObjectDeletions(database), objects, removal, retention, clock=lambda: now, wakeup=Wakeup()
    )


async def delete_now(platform: Platform, database: Database) -> None:
    """Do at once what the service does twice a minute."""
    objects = StoredObjects(platform.settings.object_store_url)
    await keeper(database, objects, Retention(), datetime.now(UTC)).delete_batch()


async def test_assets_are_listed_by_job_type_kind_and_time(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    image, batch = (await anna.submit("image_fast"))["id"], (await anna.submit("sdxl_image_fast"))["id"]
    for job_id in (image, batch):
        await anna.finished(job_id)
    now = datetime.now(UTC)

    async def count(**filters: str) -> int:
        answer = (await anna.http.get("/api/assets", params=filters)).json()
        assert answer["success"]
        assert answer["total"] == len(answer["assets"])
        return len(answer["assets"])

    assert await count() == 7
    assert await count(job_id=batch) == 6
    assert await count(job_type="image_fast") == 1
    assert await count(mime_type="image/png") == await count(mime_type="image/*") == 7
    assert await count(mime_type="video/*") == await count(mime_type="image/_ng") == 0
    assert await count(created_before=now.isoformat(), job_id=image) == 1
    assert await count(created_after=now.isoformat()) == 0


async def test_assets_of_a_job_are_in_the_order_of_its_steps_whichever_ended_first(
    platform: Platform, start_worker: StartWorker, produce: Handler
) -> None:
    second_is_done = asyncio.Event()

    async def second_first(context: StepContext) -> StepResult:
        if context.step.id.endswith(":00"):
            await second_is_done.wait()
        return await produce(context)

    await start_worker(second_first)
    anna = await platform.account("anna")
    steps = [{"job_type": "sdxl_image_fast", "payload": {"prompt": "a boat"}, "needs": []} for _ in range(2)]
    await workflow(anna, "basic", {"steps": steps})
    made = await collection(anna, workflow="mine")
    job_id = (await generate(anna, made)).json()["data"]["jobId"]

    async def delivered() -> bool:
        return len((await anna.http.get("/api/assets", params={"job_id": job_id})).json()["assets"]) == 6

    await until(delivered)
    second_is_done.set()
    await anna.finished(job_id)
    places = [(step, index) for step in range(2) for index in range(6)]
    page = (await anna.http.get("/api/assets", params={"job_id": job_id})).json()
    assert [(asset["step"], asset["index"]) for asset in page["assets"]] == places
    ids = [asset["id"] for asset in page["assets"]]
    job = await anna.job(job_id)
    assert [output["asset_id"] for output in job["data"]["data"]["outputs"]] == ids
    assert [link.split("/")[5] for link in job["metadata"]["all_assets"]] == ids
    assert job["metadata"]["primary_asset"].split("/")[5] == ids[0]
    first = (await anna.http.get("/api/assets", params={"job_id": job_id, "limit": 4})).json()
    rest = {"job_id": job_id, "cursor": first["cursor"], "limit": 20}
    assert [asset["id"] for asset in (await anna.http.get("/api/assets", params=rest)).json()["assets"]] == ids[4:]
    await anna.http.delete(f"/api/assets/{first['cursor']}")
    after_removal = (await anna.http.get("/api/assets", params=rest)).json()["assets"]
    assert [asset["id"] for asset in after_removal] == [*ids[:3], *ids[4:]], "rather twice than never"


@pytest.mark.parametrize(
    ("filters", "field"),
    [({"job_id": "1"}, "job_id"), ({"mime_type": "image"}, "mime_type"), ({"created_after": "now"}, "created_after")],
)
async def test_filter_that_makes_no_sense_is_a_400_that_names_it(
    platform: Platform, filters: dict[str, str], field: str
) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.get("/api/assets", params=filters)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


async def test_deleted_asset_is_gone_with_its_bytes_for_its_owner_and_from_its_job(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker()
    anna, ben = await platform.account("anna"), await platform.account("ben")
    job_id = (await anna.submit("sdxl_image_fast"))["id"]
    job = await anna.finished(job_id)
    assert len(files(platform)) == 12
    first = (await anna.http.get("/api/assets")).json()["assets"][-1]
    path, link = f"/api/assets/{first['id']}", platform.local(first["url"])
    detail = (await anna.http.get(path)).json()
    assert {name: detail[name] for name in first} == first
    assert len(detail["sha256"]) == 64
    for method in ("GET", "DELETE"):
        assert (await ben.http.request(method, path)).status_code == 404
        assert (await anna.http.request(method, f"/api/assets/{SOME_ID}")).status_code == 404
    async with aconnect_sse(anna.http, "GET", "/api/events") as source:
        events = source.aiter_sse()
        await anext(events)
        answers = await asyncio.gather(*(anna.http.delete(path) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]
        deleted = await anext(events)
    assert (deleted.event, deleted.json()["asset_id"], deleted.json()["job_id"]) == (
        "asset_deleted",
        first["id"],
        job_id,
    )
    for gone in (path, link, first["content_path"]):
        assert (await anna.http.get(gone)).status_code == 404
    assert (await anna.http.get("/api/assets")).json()["total"] == 5
    left = (await anna.job(job_id))["metadata"]["all_assets"]
    assert len(left) == len(job["metadata"]["all_assets"]) - 1 == 5
    await until_files(platform, 10)


async def test_bytes_are_deleted_when_the_store_is_back(
    platform: Platform, start_worker: StartWorker, database: Database
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    await anna.finished((await anna.submit("image_fast"))["id"])
    [asset] = (await anna.http.get("/api/assets")).json()["assets"]
    assert await PostgresAssetRemoval(database).remove(asset["id"], anna.id)
    with pytest.raises(StoreUnavailable, match="away"):
        await keeper(database, NoStore(), Retention(), datetime.now(UTC)).delete_batch()
    assert len(files(platform)) == 2
    kept = StoredObjects(platform.settings.object_store_url)
    again = keeper(database, kept, Retention(), datetime.now(UTC))
    await again.delete_batch()
    assert len(files(platform)) == 2
    await platform.rows("UPDATE platform.doomed_objects SET due_at = now() RETURNING 1")
    await again.delete_batch()
    assert files(platform) == set()
    assert await platform.rows("SELECT * FROM platform.doomed_objects") == []


async def test_bytes_that_come_after_the_cancel_are_deleted(
    platform: Platform, start_worker: StartWorker, produce: Handler, database: Database
) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def finish_all_the_same(context: StepContext) -> StepResult:
        begun.set()
        await cancelled.wait()
        return await produce(context)

    await start_worker(finish_all_the_same)
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    await asyncio.wait_for(begun.wait(), 10)
    assert (await anna.http.post(f"/api/jobs/{job_id}/cancel")).status_code == 200
    cancelled.set()

    async def are_doomed() -> bool:
        return len(await platform.rows("SELECT 1 FROM platform.doomed_objects")) == 2

    await until(are_doomed)
    await delete_now(platform, database)
    assert files(platform) == set()
    assert (await anna.job(job_id))["metadata"].get("all_assets") is None


async def test_assets_are_retained_for_the_days_of_their_bucket(
    platform: Platform, start_worker: StartWorker, database: Database
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    for kind in ("image_fast", "image_high", "video_fast"):
        await anna.finished((await anna.submit(kind))["id"])

    async def kept_after(days: int, retention: Retention) -> set[str]:
        now = datetime.now(UTC) + timedelta(days=days)
        await keeper(database, NoStore(), retention, now).remove_expired()
        answer = (await anna.http.get("/api/assets")).json()
        assert answer["total"] == len(answer["assets"])
        return {asset["job_type"] for asset in answer["assets"]}

    retention = Retention(30, {"video_fast": 7, "image_high": 0})
    assert await kept_after(1000, Retention()) == {"image_fast", "image_high", "video_fast"}
    assert await kept_after(6, retention) == {"image_fast", "image_high", "video_fast"}
    assert await kept_after(8, retention) == {"image_fast", "image_high"}
    assert await kept_after(31, retention) == {"image_high"}


async def test_days_of_a_bucket_count_for_assets_of_every_dialect(
    platform: Platform, start_worker: StartWorker, database: Database
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job = await generated(anna, await collection(anna, workflow="sdxl_image"), variables={"prompt": "a boat"})
    assert (job["job_type"], len(job["data"]["outputs"])) == ("collection_generation", 6)
    later = datetime.now(UTC) + timedelta(days=8)
    await keeper(database, NoStore(), Retention(0, {"sdxl_image_fast": 7}), later).remove_expired()
    assert (await anna.http.get("/api/assets")).json()["total"] == 6
    await keeper(database, NoStore(), Retention(0, {"sdxl_image_high": 7}), later).remove_expired()
    assert (await anna.http.get("/api/assets")).json()["total"] == 0


async def test_assets_of_the_last_release_are_retained_for_the_days_of_their_bucket(
    platform: Platform, start_worker: StartWorker, database: Database
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    for kind in ("image_fast", "video_fast"):
        await anna.finished((await anna.submit(kind))["id"])
    await platform.rows("UPDATE platform.assets SET step_type = NULL RETURNING id")
    later = datetime.now(UTC) + timedelta(days=8)
    await keeper(database, NoStore(), Retention(0, {"video_fast": 7}), later).remove_expired()
    [asset] = (await anna.http.get("/api/assets")).json()["assets"]
    assert asset["job_type"] == "image_fast"


def enlarged(produce: Handler, *numbers: int) -> Handler:
    async def handler(context: StepContext) -> StepResult:
        result = await produce(context)
        outputs = [
            output.model_copy(update={"size_bytes": 6_000_000}) if output.index in numbers else output
            for output in result.outputs
        ]
        return result.model_copy(update={"outputs": tuple(outputs)})

    return handler


async def test_output_larger_than_its_bucket_allows_is_neither_stored_nor_paid(
    platform: Platform, start_worker: StartWorker, produce: Handler, database: Database
) -> None:
    await start_worker(enlarged(produce, 2))
    anna = await platform.account("anna", credits=10)
    job = await anna.finished((await anna.submit("sdxl_image_fast"))["id"])
    assert job["status"] == "completed"
    assert len(job["metadata"]["all_assets"]) == 5
    assert await anna.credits() == 10 - 5 * 0.25
    await delete_now(platform, database)
    await until_files(platform, 10)


async def test_job_whose_only_output_is_too_large_fails_for_that_reason_and_costs_nothing(
    platform: Platform, start_worker: StartWorker, produce: Handler, database: Database
) -> None:
    await start_worker(enlarged(produce, 0))
    anna = await platform.account("anna", credits=10)
    job = await anna.finished((await anna.submit("image_fast"))["id"])
    assert job["status"] == "failed"
    assert "larger than allowed" in job["error_message"]
    assert await anna.credits() == 10
    await delete_now(platform, database)
    await until_files(platform, 0)

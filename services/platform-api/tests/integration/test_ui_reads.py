"""What a web page reads: filtered lists, history, why a job waits, and what can be made now."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from darkroom_queue import QueueClient
from darkroom_queue.worker.turn import WorkerPort
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.worker import Capabilities
from support.platform import Account, Platform, StartWorker
from support.steps import make_worker
from support.waiting import until

SOME_ID = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"


async def listed(account: Account, **filters: str | list[str]) -> list[str]:
    answer = await account.http.get("/api/jobs", params=filters)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["pagination"]["total"] == len(body["data"])
    assert body["pagination"]["total_is_exact"]
    return [job["id"] for job in body["data"]]


async def test_jobs_are_listed_by_status_type_and_time(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    await ben.submit("image_fast")
    cancelled = (await anna.submit("image_fast"))["id"]
    await anna.http.post(f"/api/jobs/{cancelled}/cancel")
    image, video = (await anna.submit("image_fast"))["id"], (await anna.submit("video_fast"))["id"]
    assert await listed(anna) == [video, image, cancelled]
    assert await listed(anna, status="pending") == [video, image]
    assert await listed(anna, status=["queued", "cancelled"], job_type="image_fast") == [image, cancelled]
    assert await listed(anna, status="failed") == []
    assert await listed(anna, job_type="video_fast") == [video]
    now = datetime.now(UTC)
    assert await listed(anna, created_after=(now - timedelta(minutes=1)).isoformat()) == [video, image, cancelled]
    assert await listed(anna, created_after=now.isoformat()) == []
    assert await listed(anna, created_before=now.isoformat(), status="cancelled") == [cancelled]


async def test_filtered_list_goes_on_after_its_cursor(platform: Platform) -> None:
    anna = await platform.account("anna")
    jobs = [(await anna.submit(kind))["id"] for kind in ("image_fast", "video_fast", "image_fast")]
    first = (await anna.http.get("/api/jobs", params={"job_type": "image_fast", "limit": 1})).json()
    assert [job["id"] for job in first["data"]] == [jobs[2]]
    assert first["pagination"]["total"] == 2
    rest = {"job_type": "image_fast", "cursor": first["pagination"]["cursor"]}
    second = (await anna.http.get("/api/jobs", params=rest)).json()
    assert [job["id"] for job in second["data"]] == [jobs[0]]
    assert second["pagination"]["cursor"] is None


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"status": "unworkable"}, "status"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"created_before": "2026-11-21T00:00:00"}, "created_before"),
        ({"offset": 10_001}, "offset"),
        ({"limit": 201}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"statsu": "failed"}, "statsu"),
        ({"app_type": "forge"}, "app_type"),
        ({"created_after": "2026-11-21T00:00:00 01:00"}, "created_after"),
    ],
)
async def test_filter_that_makes_no_sense_is_a_400_that_names_it(
    platform: Platform, filters: dict[str, str], field: str
) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.get("/api/jobs", params=filters)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_history_is_complete_and_readable_by_its_owner_only(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker()
    anna, ben = await platform.account("anna"), await platform.account("ben")
    job_id = (await anna.submit("video7b_fast_enhanced", prompt="a boat"))["id"]
    await anna.finished(job_id)
    entries = (await anna.http.get(f"/api/jobs/{job_id}/history")).json()["data"]
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry["event"] for entry in entries][-1] == "complete"
    for path in ("history", "why"):
        for missing in (job_id, SOME_ID, "nonsense"):
            assert (await ben.http.get(f"/api/jobs/{missing}/{path}")).status_code == 404


async def test_why_reports_what_is_missing_and_then_that_the_job_has_ended(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]

    async def why() -> dict[str, Any]:
        return dict((await anna.http.get(f"/api/jobs/{job_id}/why")).json())

    async def is_queued() -> bool:
        return bool((await why())["steps"])

    await until(is_queued)
    answer = await why()
    assert (answer["waiting"], answer["unworkable"], answer["reason"]) == (True, True, "unworkable")
    [step] = answer["steps"]
    assert (step["position"], step["work_ahead"], step["matching_workers"]) == (1, 0, 0)
    assert step["missing"] == ["no worker is registered"]
    assert step["starts_in"] is None
    await start_worker()
    await anna.finished(job_id)
    answer = await why()
    assert (answer["waiting"], answer["reason"], answer["status"]) == (False, "ended", "completed")


async def test_job_types_say_what_can_be_made_now(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    for _ in range(5):
        await anna.finished((await anna.submit("image_fast"))["id"])

    async def measured() -> dict[str, Any] | None:
        async with platform.client() as anonymous:
            types = {item["name"]: item for item in (await anonymous.get("/api/job-types")).json()["data"]}
        return types if types["image_fast"]["eta"] else None

    types = await until(measured)
    fast = types["image_fast"]
    assert fast["available"] is True
    assert (fast["workers"], fast["waiting"]) == (1, 0)
    assert 0 < fast["eta"]["min_s"] <= fast["eta"]["max_s"]
    assert types["video_high"]["eta"] is None
    assert fast["parameters"]["properties"]["prompt"]["type"] == "string"
    assert "init_image" not in fast["parameters"]["properties"]
    sdxl = types["sdxl_image_fast"]["parameters"]["properties"]
    assert {"init_image", "mask_image", "hires"} <= sdxl.keys()


async def test_job_types_say_what_their_workers_draw_with(platform: Platform, redis_url: str) -> None:
    link = await QueueClient.open(redis_url)
    needed = {name: CATALOGUE[name].model for name in ("image_fast", "sdxl_image_fast")}
    able = Capabilities(types=tuple(needed), models=tuple(model for model in needed.values() if model), vram_gb=48)

    async def become(workers: int, expected: tuple[str | None, str | None]) -> bool:
        async with platform.client() as anonymous:
            types = {item["name"]: item for item in (await anonymous.get("/api/job-types")).json()["data"]}
        sdxl, wan = types["sdxl_image_fast"], types["image_fast"]
        return bool(sdxl["workers"] == workers and (sdxl["profile"], wan["profile"]) == expected)

    steps = (("a", "mini", ("mini", "tiny")), ("b", "mini", ("mini", "tiny")), ("c", "full", (None, None)))
    for number, (name, profile, expected) in enumerate(steps, start=1):
        await WorkerPort(link, make_worker(name, capabilities=able, profile=profile), lease_s=60).register()
        await until(partial(become, number, expected))
    await link.close()


async def test_without_a_worker_nothing_is_available(platform: Platform) -> None:
    async with platform.client() as anonymous:
        types = (await anonymous.get("/api/job-types")).json()["data"]
    assert {item["available"] for item in types} == {False}


@pytest.mark.parametrize("path", ["/api/jobs", "/api/assets"])
async def test_plus_that_was_not_encoded_is_reported(platform: Platform, path: str) -> None:
    anna = await platform.account("anna")
    for time in ("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.123456+0000", "2026-01-01T00:00+00"):
        answer = await anna.http.get(f"{path}?created_after={time}")
        assert answer.status_code == 400
        assert "%2B" in answer.json()["errors"][0]["message"], time
    for time in ("2026-01-01T00:00:00%2B00:00", "2026-01-01T00:00:00Z", "2026-01-01 00:00:00Z"):
        assert (await anna.http.get(f"{path}?created_after={time}")).status_code == 200, time


async def test_unknown_query_parameter_lists_nothing(platform: Platform) -> None:
    anna = await platform.account("anna")
    lists = ("jobs", "assets", "workflows", "collections", "models", "custom-nodes", "credits", "v2/jobs", "v1/apikeys")
    for path in (*(f"/api/{name}" for name in lists), "/jobs", "/api/job-types", f"/api/jobs/{SOME_ID}", "/api/me"):
        answer = await anna.http.get(path, params={"limitt": 1})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "limitt"), path
    refused = await anna.http.post("/api/queue-job", params={"dry_run": 1}, json={"jobType": "image_fast"})
    assert refused.status_code == 400
    assert (await anna.http.get("/api/jobs")).json()["data"] == []


async def test_a_job_says_whether_it_failed_or_was_cancelled(platform: Platform) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    assert (await anna.http.get(f"/api/jobs/{job_id}")).json()["data"]["state"] == "queued"
    await anna.http.post(f"/api/jobs/{job_id}/cancel")
    [job] = (await anna.http.get("/api/jobs")).json()["data"]
    assert (job["status"], job["state"]) == ("failed", "cancelled")


async def test_assets_are_counted_by_day_of_a_time_zone(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna, ben = await platform.account("anna"), await platform.account("ben")
    for account, kind in ((anna, "sdxl_image_fast"), (anna, "video_fast"), (ben, "image_fast")):
        await account.finished((await account.submit(kind))["id"])
    moved = "UPDATE platform.assets SET created_at = %s WHERE job_type = %s RETURNING 1"
    await platform.rows(moved, "2026-11-27T23:30:00Z", "video_fast")
    await platform.rows(moved, "2026-11-26T12:00:00Z", "sdxl_image_fast")

    async def days(**query: str) -> list[dict[str, Any]]:
        answer = await anna.http.get("/api/assets/calendar", params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["days"])

    assert await days() == [{"day": "2026-11-27", "count": 1}, {"day": "2026-11-26", "count": 6}]
    assert await days(time_zone="Europe/Berlin") == [
        {"day": "2026-11-28", "count": 1},
        {"day": "2026-11-26", "count": 6},
    ]
    assert await days(job_type="video_fast") == [{"day": "2026-11-27", "count": 1}]
    assert await days(job_type="image_fast") == []
    assert await days(mime_type="audio/*") == []


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "x" * 65, "a b", "'; --"])
async def test_an_unknown_time_zone_is_named(platform: Platform, zone: str) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.get("/api/assets/calendar", params={"time_zone": zone})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "time_zone")

"""Lists of jobs, ages and throughput of queues, and the series, by HTTP and on two replicas."""

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.queue_api import HEADERS, complete, ended, fail, queue_api, submit, working
from support.waiting import until


async def listed(api: httpx.AsyncClient, **params: Any) -> list[str]:
    """Follow all pages."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        answer = await api.get("/api/jobs", params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        found += [job["job_id"] for job in answer.json()["jobs"]]
        if (cursor := answer.json()["cursor"]) is None:
            return found


@pytest.fixture
async def jobs(api: httpx.AsyncClient, redis_url: str) -> dict[str, str]:
    """One completed, one failed and one waiting job."""
    made = {}
    async with working(redis_url, complete):
        made["completed"] = await submit(api)
        await ended(api, made["completed"], "completed")
    async with working(redis_url, fail, worker_id="w-2"):
        made["failed"] = await submit(api)
        await ended(api, made["failed"], "failed")
    made["pending"] = await submit(api, workflow_id="flow")

    async def all_listed() -> bool:
        return len(await listed(api)) == 3 and await listed(api, status="failed") == [made["failed"]]

    await until(all_listed)
    return made


async def test_jobs_are_listed_page_by_page(api: httpx.AsyncClient, jobs: dict[str, str]) -> None:
    newest_first = [jobs["pending"], jobs["failed"], jobs["completed"]]
    assert await listed(api) == await listed(api, limit=1) == await listed(api, limit=2) == newest_first
    [job] = (await api.get("/jobs", params={"limit": 1})).json()["jobs"]
    assert (job["status"], job["job_type"], job["workflow_id"]) == ("pending", "simulation", "flow")
    assert job["customer_id"] == "system"


async def test_jobs_are_filtered(api: httpx.AsyncClient, jobs: dict[str, str]) -> None:
    for status in ("completed", "failed", "pending"):
        assert await listed(api, status=status) == [jobs[status]]
    assert await listed(api, status=["pending", "completed"]) == [jobs["pending"], jobs["completed"]]
    assert await listed(api, worker_id="w-2") == [jobs["failed"]]
    assert await listed(api, group_id="flow") == [jobs["pending"]]
    assert await listed(api, job_type="comfyui") == []
    created = (await api.get(f"/api/jobs/{jobs['failed']}")).json()["created_at"]
    assert await listed(api, submitted_since=created) == [jobs["pending"], jobs["failed"]]
    assert await listed(api, submitted_until=created) == [jobs["failed"], jobs["completed"]]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"cursor": "yesterday"}, "cursor"),
        ({"status": "unworkable"}, "status"),
        ({"limit": 201}, "limit"),
        ({"submitted_since": "2026-01-01"}, "submitted_since"),
    ],
)
async def test_invalid_parameters_are_named(api: httpx.AsyncClient, params: dict[str, Any], field: str) -> None:
    answer = await api.get("/api/jobs", params=params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(field)


async def test_queues_report_age_of_the_oldest_and_throughput(api: httpx.AsyncClient, jobs: dict[str, str]) -> None:
    assert jobs["pending"]
    queues = (await api.get("/api/queues")).json()
    of_type = queues["by_type"]["simulation"]
    assert queues["oldest_age_s"] == of_type["oldest_age_s"]
    assert 0 <= of_type["oldest_age_s"] < 60
    assert of_type["completed_per_minute"] in {0.0, 0.2}  # the current bucket does not count yet


async def test_the_series_counts_what_happened(api: httpx.AsyncClient, jobs: dict[str, str]) -> None:
    series = (await api.get("/api/series")).json()
    buckets = series["buckets"]
    assert (series["bucket_s"], len(buckets)) == (10, 360)
    assert [after["at"] - before["at"] for before, after in pairwise(buckets)] == [10_000] * 359
    totals = {name: sum(one[name] for one in buckets[-6:]) for name in ("submitted", "started", "completed", "failed")}
    assert totals == {"submitted": 3, "started": 2, "completed": 1, "failed": 1}


@pytest.fixture
async def replicas(redis_url: str, tmp_path: Path) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two processes on one Redis."""
    with queue_api(redis_url, tmp_path / "one") as first, queue_api(redis_url, tmp_path / "two") as second:
        async with (
            httpx.AsyncClient(base_url=first.url, headers=HEADERS) as one,
            httpx.AsyncClient(base_url=second.url, headers=HEADERS) as two,
        ):
            yield [one, two]


async def test_replicas_count_each_event_once_and_give_the_same_lists(replicas: list[httpx.AsyncClient]) -> None:
    one, two = replicas
    made = [await submit(one), await submit(two)]

    async def both_list() -> bool:
        return await listed(one) == await listed(two) == [*reversed(made)]

    await until(both_list)
    for api in replicas:
        buckets = (await api.get("/api/series")).json()["buckets"]
        assert sum(one["submitted"] for one in buckets) == 2

"""The list of job groups."""

from typing import Any

import httpx


async def test_groups_are_listed_page_by_page_the_latest_first(api: httpx.AsyncClient) -> None:
    body = {"job_type": "simulation", "payload": {}, "count": 1}
    made = [(await api.post("/api/job-group", json=body)).json()["job_group_id"] for _ in range(3)]
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while not found or cursor is not None:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/api/job-groups", params=asked)).json()
        found += page["job_groups"]
        cursor = page["cursor"]
    assert [one["job_group_id"] for one in found] == made[::-1]
    assert (found[0]["status"], found[0]["total_count"], found[0]["policy"]) == ("running", 1, "all")
    await api.delete(f"/api/job-groups/{made[-1]}")
    [latest] = (await api.get("/api/job-groups", params={"limit": 1})).json()["job_groups"]
    assert (latest["status"], latest["cancelled_count"]) == ("cancelled", 1)
    wrong = await api.get("/api/job-groups", params={"cursor": "x"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "cursor")
    anybody = await api.get("/api/job-groups", headers={"Authorization": "Bearer none"})
    assert anybody.status_code == 401

"""Rate limits by tier of API key and by user, shared by replicas, stated in headers."""

from typing import Any

import httpx
from darkroom_chassis.api_keys import KeyKind
from support.platform import StartPlatform

LIMITS: dict[str, Any] = {
    "rate_limit_standard": 3,
    "rate_limit_standard_submissions": 2,
    "rate_limit_premium": 5,
    "rate_limit_premium_submissions": 4,
    "rate_limit_user": 7,
    "rate_limit_user_submissions": 6,
}
JOB = {"jobType": "image_fast"}


async def statuses(client: httpx.AsyncClient, times: int, method: str = "GET", path: str = "/api/me") -> list[int]:
    return [(await client.request(method, path, json=JOB)).status_code for _ in range(times)]


async def test_standard_and_premium_keys_have_their_own_quota(start_platform: StartPlatform) -> None:
    platform = await start_platform(**LIMITS)
    anna = await platform.account("anna")
    async with platform.client(**{"X-API-Key": anna.api_key}) as client:
        assert await statuses(client, 4) == [200, 200, 200, 429]
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}) as operator:
        made = await operator.post("/api/v1/apikeys", json={"name": "x", "user_id": anna.id, "tier": "premium"})
    async with platform.client(**{"X-API-Key": made.json()["api_key"]["key"]}) as client:
        assert await statuses(client, 6) == [200] * 5 + [429]


async def test_submissions_have_a_quota_of_their_own_besides(start_platform: StartPlatform) -> None:
    platform = await start_platform(**LIMITS)
    anna = await platform.account("anna")
    async with platform.client(**{"X-API-Key": anna.api_key}) as client:
        assert await statuses(client, 3, "POST", "/api/queue-job") == [200, 200, 429]
        assert await statuses(client, 2) == [200, 429]


async def test_tokens_count_for_their_user(start_platform: StartPlatform) -> None:
    platform = await start_platform(**LIMITS)
    anna, ben = await platform.account("anna"), await platform.account("ben")
    assert await statuses(anna.http, 8) == [200] * 7 + [429]
    service = {"X-API-Key": await platform.key(KeyKind.SERVICE)}
    async with platform.client(**service, **{"X-User-Id": anna.id}) as client:
        assert await statuses(client, 1) == [429]
    async with platform.client(**service, **{"X-User-Id": ben.id}) as client:
        assert await statuses(client, 1) == [200]


async def test_headers_and_body_report_what_is_left_and_when_to_come_back(start_platform: StartPlatform) -> None:
    platform = await start_platform(**LIMITS)
    anna = await platform.account("anna")
    async with platform.client(**{"X-API-Key": anna.api_key}) as client:
        first = await client.post("/api/queue-job", json=JOB)
        assert first.headers["RateLimit-Policy"] == '"requests";q=3;w=60, "submissions";q=2;w=60'
        assert first.headers["RateLimit"] == '"requests";r=2;t=20, "submissions";r=1;t=30'
        await statuses(client, 2)
        refused = await client.get("/api/me")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert refused.headers["RateLimit"].startswith('"requests";r=0;t=')
    problem = refused.json()
    assert (problem["success"], problem["code"], problem["retryable"]) == (False, "rate_limited", True)
    assert "More than 3 requests" in problem["error"]


async def test_replicas_share_the_counts(start_platform: StartPlatform) -> None:
    one, other = await start_platform(**LIMITS), await start_platform(**LIMITS)
    anna = await one.account("anna")
    header = {"X-API-Key": anna.api_key}
    async with one.client(**header) as first, other.client(**header) as second:
        assert await statuses(first, 2) == [200, 200]
        assert await statuses(second, 2) == [200, 429]


async def test_anonymous_routes_have_no_limit(start_platform: StartPlatform) -> None:
    platform = await start_platform(**LIMITS)
    async with platform.client() as client:
        assert await statuses(client, 10, path="/api/job-types") == [200] * 10

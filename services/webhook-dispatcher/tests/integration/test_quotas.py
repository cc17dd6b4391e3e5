"""What one tenant may ask of the dispatcher."""

import httpx
from darkroom_queue import QueueClient
from support.keys import publish_key
from support.services import StartService

URL = "https://example.com/hook"


async def test_requests_and_test_events_are_limited_per_tenant(
    start: StartService, link: QueueClient, user: str
) -> None:
    with start(WEBHOOK_REQUESTS_PER_MINUTE="20", WEBHOOK_SENDS_PER_MINUTE="3") as service:
        key = {"X-API-Key": await publish_key(link, user)}
        other = {"X-API-Key": await publish_key(link, "another-user")}
        async with httpx.AsyncClient(base_url=service.url, headers=key) as api:
            webhook = (await api.post("/api/webhooks", json={"url": URL})).json()
            tests = [await api.post(f"/api/webhooks/{webhook['id']}/test") for _ in range(4)]
            assert [answer.status_code for answer in tests] == [202, 202, 202, 429]
            assert int(tests[-1].headers["Retry-After"]) > 0
            reads = [await api.get("/api/webhooks") for _ in range(25)]
            assert {answer.status_code for answer in reads} == {200, 429}
            assert (await api.get("/api/webhooks", headers=other)).status_code == 200


async def test_a_url_of_more_than_2000_characters_is_refused(api: httpx.AsyncClient) -> None:
    for length, status in ((2000, 201), (2001, 400), (900_000, 400)):
        answer = await api.post("/api/webhooks", json={"url": f"{URL}/".ljust(length, "x")})
        assert answer.status_code == status, length

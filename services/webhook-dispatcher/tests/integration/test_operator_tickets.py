"""An operator's ticket, as the console of the web UI uses it: what it opens, and what stays closed."""

from collections.abc import AsyncIterator

import httpx
import pytest
from darkroom_queue import QueueClient
from darkroom_redis import OperatorTickets, Tickets
from darkroom_schemas.ids import new_uuid7
from support.keys import publish_key
from support.receiver import Receiver, receiving
from support.services import RunningService, StartService
from support.waiting import until
from support.webhooks import deliveries_of, job_ends, register

UI = "https://ui.example"


async def ticket_of(link: QueueClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {await OperatorTickets(link).make_operator_ticket()}"}


@pytest.fixture
async def operator(service: RunningService, link: QueueClient) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.url, headers=await ticket_of(link)) as client:
        yield client


async def test_an_operator_lists_the_endpoints_of_all_users_page_by_page(
    service: RunningService, operator: httpx.AsyncClient, link: QueueClient
) -> None:
    made = []
    for _ in range(3):
        headers = {"X-API-Key": await publish_key(link, new_uuid7())}
        async with httpx.AsyncClient(base_url=service.url, headers=headers) as api:
            made.append((await register(api, "http://127.0.0.1:18080/hook", headers={"X-Shop": "secret"}))["id"])
    first = (await operator.get("/api/operator/webhooks", params={"limit": 2})).json()
    rest = (await operator.get("/api/operator/webhooks", params={"limit": 2, "before": first["cursor"]})).json()
    assert [one["id"] for one in first["webhooks"] + rest["webhooks"]][:3] == made[::-1]
    [newest, *_] = first["webhooks"]
    assert (newest["secret"], newest["headers"], newest["delivered"]) == (None, {"X-Shop": "***"}, 0)
    of_one = (await operator.get("/api/operator/webhooks", params={"tenant": newest["tenant"]})).json()
    assert [one["id"] for one in of_one["webhooks"]] == [newest["id"]]


async def test_failing_endpoints_are_found(
    operator: httpx.AsyncClient, api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    receiver.answers = [500]
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        await job_ends(link, user)

        async def failing() -> list[str]:
            page = (await operator.get("/api/operator/webhooks", params={"state": "failing"})).json()
            return [one["id"] for one in page["webhooks"]]

        async def is_listed() -> bool:
            return webhook["id"] in await failing()

        await until(is_listed)
        backlog = (await operator.get("/api/operator/backlog")).json()
        assert backlog["pending"] >= 1
        assert backlog.keys() == {"pending", "late_s", "paused", "disabled"}
    disabled = (await operator.get("/api/operator/webhooks", params={"state": "disabled"})).json()
    assert webhook["id"] not in [one["id"] for one in disabled["webhooks"]]


async def test_an_operator_reads_and_replays_the_deliveries_of_a_user(
    operator: httpx.AsyncClient, api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        await job_ends(link, user)
        await receiver.next(webhook["secret"])
        mine = {"X-User-Id": user}
        path = f"/api/webhooks/{webhook['id']}"
        [delivery] = await until(lambda: deliveries_of(api, webhook["id"]))
        read = await operator.get(f"{path}/deliveries", headers=mine)
        assert [one["id"] for one in read.json()["deliveries"]] == [delivery["id"]]
        again = await operator.post(f"{path}/deliveries/{delivery['id']}/replay", headers=mine)
        assert again.json() == {"replayed": 1, "more": False}
        await receiver.next(webhook["secret"])
        assert (await operator.put(path, json={"active": False}, headers=mine)).json()["active"] is False
    assert (await operator.get(path)).status_code == 404, "without X-User-Id, it acts for the operator"


async def test_only_the_owner_changes_an_endpoint(
    operator: httpx.AsyncClient, api: httpx.AsyncClient, user: str
) -> None:
    webhook = await register(api, "http://127.0.0.1:18080/hook")
    path, mine = f"/api/webhooks/{webhook['id']}", {"X-User-Id": user}
    refused = [
        await operator.put(path, json={"url": "http://127.0.0.1:18080/elsewhere"}, headers=mine),
        await operator.put(path, json={"active": True, "events": []}, headers=mine),
        await operator.post(f"{path}/rotate", headers=mine),
        await operator.delete(path, headers=mine),
        await operator.post("/api/webhooks", json={"url": "http://127.0.0.1:18080/new"}, headers=mine),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert (await api.get(path)).json() == webhook | {"secret": None}


async def test_an_operator_manages_the_endpoints_of_the_operator(operator: httpx.AsyncClient) -> None:
    webhook = await register(operator, "http://127.0.0.1:18080/hook")
    rotated = await operator.post(f"/api/webhooks/{webhook['id']}/rotate")
    assert rotated.json()["secret"] != webhook["secret"]
    assert (await operator.delete(f"/api/webhooks/{webhook['id']}")).status_code == 204


async def test_no_other_credential_is_an_operators(
    service: RunningService, api: httpx.AsyncClient, link: QueueClient
) -> None:
    assert (await api.get("/api/operator/webhooks")).status_code == 403
    assert (await api.get("/api/operator/backlog")).status_code == 403
    socket = await Tickets(link).make(None)
    async with httpx.AsyncClient(base_url=service.url) as stranger:
        for text in (socket, f"do_{socket}", "do_", "none"):
            headers = {"Authorization": f"Bearer {text}"}
            answer = await stranger.get("/api/operator/webhooks", headers=headers)
            assert answer.status_code == 401, text


def test_pages_of_the_ui_may_send_requests_from_a_browser(start: StartService) -> None:
    asks = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,x-user-id"}
    with start(UI_ORIGINS=UI) as service:
        allowed = httpx.options(f"{service.url}/api/operator/webhooks", headers={"Origin": UI} | asks)
        other = httpx.options(f"{service.url}/api/operator/webhooks", headers={"Origin": "https://evil.example"} | asks)
    assert allowed.headers["Access-Control-Allow-Origin"] == UI
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    assert "Access-Control-Allow-Origin" not in other.headers

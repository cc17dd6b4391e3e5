from typing import Any

import httpx
import psycopg
import pytest
from darkroom_chassis.api_keys import KeyKind
from darkroom_queue import RedisLink
from support.keys import publish_key
from support.services import RunningService

URL = "https://example.com/hook"


async def test_an_endpoint_is_created_read_changed_and_deleted(api: httpx.AsyncClient) -> None:
    created = (await api.post("/api/webhooks", json={"url": URL, "events": ["job.completed"]})).json()
    path = f"/api/webhooks/{created['id']}"
    read = (await api.get(path)).json()
    changed = (await api.put(path, json={"description": "mine", "active": False})).json()
    listed = (await api.get("/api/webhooks")).json()["webhooks"]
    assert created["secret"].startswith("whsec_")
    assert (read["secret"], read["events"]) == (None, ["job.completed"])
    assert (changed["description"], changed["active"], changed["url"]) == ("mine", False, URL)
    assert [w["id"] for w in listed] == [created["id"]]
    assert (await api.get(f"{path}/stats")).json()["total_deliveries"] == 0
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "https://user:secret@example.com"}, "url"),
        ({"url": URL, "events": ["job.danced"]}, "events.0"),
        ({"url": URL, "secret": "short"}, "secret"),
        ({"url": URL, "colour": "red"}, "colour"),
    ],
)
async def test_bad_input_is_400_and_names_the_field(api: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    answer = await api.post("/api/webhooks", json=body)
    assert answer.status_code == 400
    assert [e["field"] for e in answer.json()["errors"]] == [field]


async def test_another_tenants_endpoint_is_not_there(
    api: httpx.AsyncClient, link: RedisLink, service: RunningService
) -> None:
    webhook_id = (await api.post("/api/webhooks", json={"url": URL})).json()["id"]
    path = f"/api/webhooks/{webhook_id}"
    calls = [("GET", path), ("PUT", path), ("DELETE", path), ("POST", f"{path}/test"), ("GET", f"{path}/stats"),
             ("GET", f"{path}/deliveries")]  # fmt: skip
    headers = {"X-API-Key": await publish_key(link, "u2")}
    async with httpx.AsyncClient(base_url=service.url, headers=headers) as other:
        answers = [await other.request(m, p, json={"active": False} if m == "PUT" else None) for m, p in calls]
        assert (await other.get("/api/webhooks")).json() == {"webhooks": []}
    assert {a.status_code for a in answers} == {404}
    assert (await api.get(path)).json()["active"] is True


async def test_without_a_valid_key_every_route_is_401(service: RunningService, link: RedisLink) -> None:
    unknown = (await publish_key(link, "u1"))[:-1] + "!"
    async with httpx.AsyncClient(base_url=service.url) as client:
        for headers in ({}, {"X-API-Key": unknown}, {"Authorization": "Bearer x"}):
            for method, path in (("GET", "/api/webhooks"), ("POST", "/api/webhooks")):
                assert (await client.request(method, path, headers=headers)).status_code == 401


async def test_a_service_key_acts_for_the_user_that_it_names_and_others_may_not(
    service: RunningService, link: RedisLink
) -> None:
    service_key = await publish_key(link, None, KeyKind.SERVICE)
    admin_key = await publish_key(link, None, KeyKind.ADMIN)
    async with httpx.AsyncClient(base_url=service.url) as client:
        named = {"X-API-Key": service_key, "X-User-Id": "u9"}
        assert (await client.post("/api/webhooks", json={"url": URL}, headers=named)).status_code == 201
        assert (await client.get("/api/webhooks", headers={"X-API-Key": service_key})).status_code == 403
        assert (await client.get("/api/webhooks", headers=named | {"X-API-Key": admin_key})).status_code == 403


async def test_a_key_does_only_what_its_scopes_allow(service: RunningService, link: RedisLink) -> None:
    allowed = {("webhooks:read",): {"GET": 200, "POST": 403}, ("jobs:read",): {"GET": 403, "POST": 403}}
    for scopes, answers in allowed.items():
        headers = {"X-API-Key": await publish_key(link, "u1", scopes=scopes)}
        async with httpx.AsyncClient(base_url=service.url, headers=headers) as client:
            for method, status in answers.items():
                answer = await client.request(method, "/api/webhooks", json={"url": "https://example.com/hook"})
                assert answer.status_code == status, (scopes, method)


async def test_probes_answer(service: RunningService) -> None:
    async with httpx.AsyncClient(base_url=service.url) as client:
        assert [(await client.get(p)).status_code for p in ("/livez", "/readyz", "/metrics")] == [200, 200, 200]


async def test_secrets_are_encrypted_at_rest(api: httpx.AsyncClient, database_url: str) -> None:
    secret = (await api.post("/api/webhooks", json={"url": URL})).json()["secret"]
    with psycopg.connect(database_url) as connection:
        stored = str(connection.execute("SELECT e::text FROM webhooks.endpoints e").fetchall())
    assert secret.removeprefix("whsec_") not in stored
    assert secret.removeprefix("whsec_").encode().hex() not in stored

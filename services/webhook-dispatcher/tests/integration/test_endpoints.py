import asyncio
from typing import Any

import httpx
import psycopg
import pytest
from darkroom_chassis.api_keys import KeyKind
from darkroom_queue import QueueClient
from darkroom_schemas.ids import new_uuid7
from support.keys import publish_key
from support.services import RunningService

URL = "https://example.com/hook"
LIMIT = 20


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


async def test_a_user_registers_so_many_endpoints_and_no_more(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.post("/api/webhooks", json={"url": URL}) for _ in range(LIMIT + 5)))
    refused = [answer for answer in answers if answer.status_code != 201]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(409, "endpoint_limit")}
    listed = (await api.get("/api/webhooks")).json()["webhooks"]
    assert (len(listed), len(refused)) == (LIMIT, 5)
    assert (await api.delete(f"/api/webhooks/{listed[0]['id']}")).status_code == 204
    assert (await api.post("/api/webhooks", json={"url": URL})).status_code == 201


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


async def test_a_wrong_url_and_an_unknown_event_are_explained_in_plain_sentences(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/webhooks", json={"url": "example.com/x", "events": ["job.complete"]})
    url, event = (error["message"] for error in answer.json()["errors"])
    assert url == 'must be an absolute URL such as https://example.org/hook, not "example.com/x"'
    assert event.endswith(', not "job.complete"; did you mean `job.completed`?')


async def test_another_tenants_endpoint_is_not_there(
    api: httpx.AsyncClient, link: QueueClient, service: RunningService
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


async def test_without_a_valid_key_every_route_is_401(service: RunningService, link: QueueClient) -> None:
    unknown = (await publish_key(link, "u1"))[:-1] + "!"
    async with httpx.AsyncClient(base_url=service.url) as client:
        for headers in ({}, {"X-API-Key": unknown}, {"Authorization": "Bearer x"}):
            for method, path in (("GET", "/api/webhooks"), ("POST", "/api/webhooks")):
                assert (await client.request(method, path, headers=headers)).status_code == 401


async def test_a_service_key_acts_for_the_user_that_it_names_and_others_may_not(
    service: RunningService, link: QueueClient
) -> None:
    service_key = await publish_key(link, None, KeyKind.SERVICE)
    admin_key = await publish_key(link, None, KeyKind.ADMIN)
    async with httpx.AsyncClient(base_url=service.url) as client:
        named = {"X-API-Key": service_key, "X-User-Id": new_uuid7()}
        assert (await client.post("/api/webhooks", json={"url": URL}, headers=named)).status_code == 201
        assert (await client.get("/api/webhooks", headers={"X-API-Key": service_key})).status_code == 403
        assert (await client.get("/api/webhooks", headers=named | {"X-API-Key": admin_key})).status_code == 403


async def test_a_key_does_only_what_its_scopes_allow(service: RunningService, link: QueueClient) -> None:
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


async def test_a_request_with_an_idempotency_key_is_carried_out_once(api: httpx.AsyncClient) -> None:
    key, body = {"Idempotency-Key": new_uuid7()}, {"url": URL}
    first, second = [await api.post("/api/webhooks", json=body, headers=key) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.json(), second.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert len((await api.get("/api/webhooks")).json()["webhooks"]) == 1
    other = await api.post("/api/webhooks", json=body | {"description": "x"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    test = f"/api/webhooks/{first.json()['id']}/test"
    again = {"Idempotency-Key": new_uuid7()}
    sent = [(await api.post(test, headers=again)).json() for _ in range(2)]
    assert sent[0] == sent[1]
    assert (await api.get(f"/api/webhooks/{first.json()['id']}/stats")).json()["total_deliveries"] == 1


async def test_no_answer_with_a_secret_is_stored_in_plain_text(api: httpx.AsyncClient, database_url: str) -> None:
    created = await api.post("/api/webhooks", json={"url": URL}, headers={"Idempotency-Key": new_uuid7()})
    secret = created.json()["secret"].encode()
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        rows = await (await connection.execute("SELECT answer FROM webhooks.idempotency_keys")).fetchall()
    assert rows
    assert not any(secret in bytes(answer) for (answer,) in rows)


HOSTILE_TEXT = ["a\\u0000b", "\\ud800", "x" * 3000]


@pytest.mark.parametrize("field", ["url", "description", "secret", "events"])
async def test_text_that_cannot_be_stored_is_a_400(api: httpx.AsyncClient, field: str) -> None:
    for text in HOSTILE_TEXT[1:] if field == "url" else HOSTILE_TEXT:  # a URL's U+0000 is percent-encoded
        value = f'["{text}"]' if field == "events" else f'"{text}"'
        if field == "url":
            value = f'"https://example.com/{text}"'
        body = f'{{"url": "{URL}", "{field}": {value}}}'
        answer = await api.post("/api/webhooks", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), body[:80]


async def test_deep_bodies_and_large_numbers_are_a_400_and_impossible_ids_a_404(api: httpx.AsyncClient) -> None:
    created = (await api.post("/api/webhooks", json={"url": URL})).json()
    one = f"/api/webhooks/{created['id']}"
    deep = '{"url": ' + "[" * 900 + "]" * 900 + "}"
    for body in (deep, '{"active": ' + "[" * 100_000):
        answer = await api.put(one, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
    for before in (2**63, 10**400, -1, "x", "%00"):
        answer = await api.get(f"{one}/deliveries?before={before}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "before")
    for odd in ("nonsense", "%00", "%ff", "1" * 300):
        assert (await api.get(f"/api/webhooks/{odd}")).status_code == 404


async def test_a_service_key_names_its_user_by_a_uuid_in_either_case(
    service: RunningService, link: QueueClient, user: str
) -> None:
    key = await publish_key(link, None, kind=KeyKind.SERVICE)
    async with httpx.AsyncClient(base_url=service.url, headers={"X-API-Key": key}) as client:
        created = await client.post("/api/webhooks", json={"url": URL}, headers={"X-User-Id": user.upper()})
        assert created.status_code == 201
        listed = await client.get("/api/webhooks", headers={"X-User-Id": user})
        assert [one["id"] for one in listed.json()["webhooks"]] == [created.json()["id"]]
        wrong = await client.get("/api/webhooks", headers={"X-User-Id": "somebody"})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "X-User-Id")

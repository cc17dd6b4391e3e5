"""Server aliases: any key reads them, an operator's writes them, and live back ends show."""

from collections.abc import AsyncIterator

import httpx
import pytest
from darkroom_chassis.api_keys import KeyKind
from support.platform import Platform, StartPlatform, StartWorker
from support.waiting import until

SERVERS = "/api/v1/servers"
WRONG_FIELDS: list[tuple[object, str]] = [
    ({}, "alias"),
    ({"alias": ""}, "alias"),
    ({"alias": "a/b"}, "alias"),
    ({"alias": "a\0"}, "alias"),
    ({"alias": "x", "apiUrl": "ftp://x"}, "apiUrl"),
    ({"alias": "x", "host": "h", "port": 0}, "port"),
    ({"alias": "x", "host": "h", "port": True}, "port"),
    ({"alias": "x", "auth": "secret"}, "auth"),
]


@pytest.fixture
async def operator(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}) as client:
        yield client


async def test_operator_adds_changes_and_removes_a_server(platform: Platform, operator: httpx.AsyncClient) -> None:
    added = await operator.post(SERVERS, json={"alias": "Laptop", "host": "10.0.0.7", "port": 7860})
    assert added.status_code == 201
    assert added.json()["server"]["apiUrl"] == "http://10.0.0.7:7860"
    assert (await operator.post(SERVERS, json={"alias": "Laptop"})).status_code == 409
    body = {"alias": "Desk", "apiUrl": "http://desk:7860", "description": "upstairs"}
    changed = await operator.put(f"{SERVERS}/Laptop", json=body)
    assert changed.json()["server"]["alias"] == "Desk"
    gone = (await operator.get(f"{SERVERS}/Laptop")).json()
    message = 'must be one of Desk, Main, not "Laptop"'
    assert (gone["code"], gone["errors"]) == ("server_not_found", [{"field": "alias", "message": message}])
    assert (await operator.get(f"{SERVERS}/Desk")).json()["description"] == "upstairs"
    assert [server["alias"] for server in (await operator.get(SERVERS)).json()] == ["Desk", "Main"]
    assert (await operator.delete(f"{SERVERS}/Desk")).json()["success"] is True
    for request in (operator.delete(f"{SERVERS}/Desk"), operator.put(f"{SERVERS}/Desk", json={"alias": "Desk"})):
        assert (await request).status_code == 404


async def test_server_is_added_once_for_an_idempotency_key(platform: Platform, operator: httpx.AsyncClient) -> None:
    idempotency = {"Idempotency-Key": "once"}
    first, again = [await operator.post(SERVERS, json={"alias": "Laptop"}, headers=idempotency) for _ in range(2)]
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await operator.post(SERVERS, json={"alias": "Desk"}, headers=idempotency)).status_code == 422
    assert (await operator.post(SERVERS, json={"alias": "Laptop"})).status_code == 409
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}, **idempotency) as another:
        assert (await another.post(SERVERS, json={"alias": "Desk"})).status_code == 201


async def test_change_cannot_take_anothers_alias(operator: httpx.AsyncClient) -> None:
    for alias in ("one", "two"):
        await operator.post(SERVERS, json={"alias": alias})
    assert (await operator.put(f"{SERVERS}/one", json={"alias": "two"})).status_code == 409


async def test_server_of_the_configuration_stays(start_platform: StartPlatform) -> None:
    platform = await start_platform(server_aliases="Main, Attic")
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}) as operator:
        listed = (await operator.get(SERVERS)).json()
        assert [(server["alias"], server["configured"]) for server in listed] == [("Attic", True), ("Main", True)]
        assert (await operator.delete(f"{SERVERS}/Main")).status_code == 403
        assert (await operator.put(f"{SERVERS}/Main", json={"alias": "Mine"})).status_code == 403
        assert (await operator.post(SERVERS, json={"alias": "Attic"})).status_code == 409


async def test_any_key_reads_and_only_an_operators_writes(platform: Platform, operator: httpx.AsyncClient) -> None:
    await operator.post(SERVERS, json={"alias": "Laptop"})
    anna = await platform.account("anna")
    async with platform.client(**{"X-API-Key": anna.api_key}) as client:
        assert (await client.get(SERVERS)).status_code == 200
        assert (await client.get(f"{SERVERS}/Laptop")).status_code == 200
        for method, path in (("POST", SERVERS), ("PUT", f"{SERVERS}/Laptop"), ("DELETE", f"{SERVERS}/Laptop")):
            assert (await client.request(method, path, json={"alias": "Laptop"})).status_code == 403, method
    async with platform.client() as anonymous:
        assert (await anonymous.get(SERVERS)).status_code == 401


async def test_live_back_end_shows_what_it_serves(operator: httpx.AsyncClient, start_worker: StartWorker) -> None:
    await start_worker(backends=("Main",))
    await operator.post(SERVERS, json={"alias": "Laptop"})
    servers = {server["alias"]: server["app_types"] for server in (await operator.get(SERVERS)).json()}
    assert servers == {"Laptop": [], "Main": ["forge", "comfyui"]}


async def test_wrong_field_is_named_in_a_400(operator: httpx.AsyncClient) -> None:
    for body, field in WRONG_FIELDS:
        answer = await operator.post(SERVERS, json=body)
        assert answer.status_code == 400, field
        assert field in [error["field"] for error in answer.json()["errors"]]
        assert answer.json()["code"] == ("invalid_request" if body else "missing_required_field")
    for body in ({"alias": "x", "host": "h"}, {"alias": "x", "apiUrl": "http://h", "host": "h", "port": 1}):
        assert (await operator.post(SERVERS, json=body)).status_code == 400
    assert (await operator.get(f"{SERVERS}/%00")).status_code == 404


async def test_back_ends_of_live_workers_are_servers_without_being_added(
    platform: Platform, operator: httpx.AsyncClient, start_worker: StartWorker
) -> None:
    await start_worker(backends=("127.0.0.1_7860", "studio"))

    async def offered() -> list[str]:
        aliases = [server["alias"] for server in (await operator.get(SERVERS)).json()]
        return aliases if "studio" in aliases else []

    assert await until(offered) == ["127.0.0.1_7860", "Main", "studio"]
    server = (await operator.get(f"{SERVERS}/studio")).json()
    assert (server["app_types"], server["configured"]) == (["forge", "comfyui"], False)
    assert (await operator.delete(f"{SERVERS}/studio")).status_code == 404
    anna = await platform.account("anna")
    order = {"app_type": "forge", "target_server_alias": "studio", "generation_params": {"positive_prompt": "a boat"}}
    assert (await anna.http.post("/api/v2/generate", json=order)).is_success

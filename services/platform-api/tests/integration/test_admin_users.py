"""Users as operators see and change them: search, credits, blocking, keys; and that nobody else can."""

import asyncio

import httpx
import pytest
from darkroom_chassis.api_keys import KeyKind
from darkroom_queue import QueueClient
from darkroom_redis import KeyDirectory
from darkroom_schemas.ids import new_uuid7
from platform_api.wiring import open_accounts
from support.platform import Account, Platform
from support.waiting import until

USERS = "/api/admin/users"


@pytest.fixture
async def operator(platform: Platform) -> Account:
    account = await platform.account("operator")
    async with open_accounts(platform.settings) as accounts:
        await accounts.set_operator(account.id, is_operator=True)
    return account


async def names(client: httpx.AsyncClient, **asked: str | int) -> list[str]:
    """Follow all pages."""
    found: list[str] = []
    while True:
        answer = await client.get(USERS, params=asked)
        assert answer.status_code == 200, answer.text
        found += [user["name"] for user in answer.json()["data"]]
        if (cursor := answer.json()["cursor"]) is None:
            return found
        asked["cursor"] = cursor


async def test_users_are_listed_and_found_by_name_and_id(platform: Platform, operator: Account) -> None:
    anna, _ = await platform.account("anna_1"), await platform.account("ANNA%2")
    assert await names(operator.http, limit=1) == await names(operator.http) == ["ANNA%2", "anna_1", "operator"]
    assert await names(operator.http, search="anna") == ["ANNA%2", "anna_1"]
    assert await names(operator.http, search="%") == ["ANNA%2"]
    assert await names(operator.http, search="_") == ["anna_1"]
    assert await names(operator.http, search=anna.id) == ["anna_1"]
    user = (await operator.http.get(f"{USERS}/{anna.id}")).json()
    assert (user["credits"], user["keys"], user["operator"], user["blocked_at"]) == (100.0, 1, False, None)
    assert (await operator.http.get(f"{USERS}/{new_uuid7()}")).status_code == 404


async def test_a_grant_is_in_the_ledger_once_with_the_operators_id(platform: Platform, operator: Account) -> None:
    anna = await platform.account("anna", credits=10)
    path, body = f"{USERS}/{anna.id}/credits", {"amount": 2.5, "note": "invoice 7"}
    key = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(operator.http.post(path, json=body, headers=key) for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    again = await operator.http.post(path, json=body, headers=key)
    assert again.json() == {"user_id": anna.id, "amount": 2.5, "balance": 12.5}
    grants = "SELECT amount_mc, note, actor FROM platform.credit_ledger WHERE user_id = %s AND note = 'invoice 7'"
    assert await platform.rows(grants, anna.id) == [(2500, "invoice 7", f"operator {operator.id}")]
    other = await operator.http.post(path, json=body | {"amount": 3.0}, headers=key)
    assert other.status_code == 422
    assert (await operator.http.post(path, json={"amount": 1.0})).json()["errors"][0]["field"] == "note"
    assert (await operator.http.post(path, json={"amount": -100.0, "note": "too much"})).status_code == 409


async def test_a_blocked_user_is_refused_with_every_credential(platform: Platform, operator: Account) -> None:
    anna = await platform.account("anna")
    async with platform.client() as browser:
        assert (await browser.post("/api/auth/login", json={"api_key": anna.api_key})).status_code == 200
        service = {"X-API-Key": await platform.key(KeyKind.SERVICE), "X-User-Id": anna.id}
        blocked = (await operator.http.post(f"{USERS}/{anna.id}/block", json={})).json()
        assert (blocked["keys"], blocked["blocked_at"] is None) == (0, False)
        assert (await browser.get("/api/me")).status_code == 401
        async with platform.client() as caller:
            statuses = [
                (await caller.get("/api/me", headers=headers)).status_code
                for headers in (anna.bearer, {"X-API-Key": anna.api_key}, service)
            ]
            assert statuses == [403, 401, 403]
            assert (await caller.post("/api/auth/login", json={"api_key": anna.api_key})).status_code == 401
        await operator.http.post(f"{USERS}/{anna.id}/unblock", json={})
        async with platform.client() as caller:
            assert (await caller.get("/api/me", headers=anna.bearer)).status_code == 200
            assert (await caller.get("/api/me", headers={"X-API-Key": anna.api_key})).status_code == 401


async def test_revoked_keys_are_published_to_the_other_services(platform: Platform, operator: Account) -> None:
    anna = await platform.account("anna")
    answer = await operator.http.post(f"{USERS}/{anna.id}/revoke-keys", json={})
    assert answer.json() == {"revoked": 1}
    link = await QueueClient.open(platform.redis_url)
    try:
        key_id = anna.api_key.split("_")[2]

        async def is_revoked() -> bool:
            published = await KeyDirectory(link).find(key_id)
            return published is None or published.revoked

        await until(is_revoked)
    finally:
        await link.close()
    assert (await operator.http.post(f"{USERS}/{anna.id}/revoke-keys", json={})).json() == {"revoked": 0}


async def test_only_operators_see_and_change_users(platform: Platform, operator: Account) -> None:
    anna = await platform.account("anna")
    mine = f"{USERS}/{anna.id}"
    async with platform.client() as nobody:
        service = {"X-API-Key": await platform.key(KeyKind.SERVICE), "X-User-Id": operator.id}
        for client, headers, status in (
            (anna.http, {}, 403),
            (nobody, {"X-API-Key": anna.api_key}, 403),
            (nobody, service, 403),
            (nobody, {}, 401),
        ):
            answers = [
                await client.get(USERS, headers=headers),
                await client.get(mine, headers=headers),
                await client.post(f"{mine}/credits", json={"amount": 1.0, "note": "mine"}, headers=headers),
                await client.post(f"{mine}/block", json={}, headers=headers),
                await client.post(f"{mine}/unblock", json={}, headers=headers),
                await client.post(f"{mine}/revoke-keys", json={}, headers=headers),
            ]
            assert {answer.status_code for answer in answers} == {status}
        admin = {"X-API-Key": await platform.key(KeyKind.ADMIN)}
        granted = await nobody.post(f"{mine}/credits", json={"amount": 1.0, "note": "by key"}, headers=admin)
        assert granted.json()["balance"] == 101.0
    refused = await operator.http.post(f"{USERS}/{operator.id}/block", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")

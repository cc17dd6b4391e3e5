"""API keys: made, limited, changed and revoked by their owner or an operator, and by nobody else."""

import asyncio
import base64
from typing import Any

import pytest
from darkroom_chassis.api_keys import KeyKind, hash_api_key, new_api_key, parse_api_key
from darkroom_queue import QueueClient
from darkroom_redis import KeyDirectory
from platform_api.domain.accounts.api_keys import StoredKey
from platform_api.store.accounts.api_keys import PostgresNewApiKeys
from support.platform import Account, Platform, StartPlatform
from support.waiting import until

PATHS = ("/api/v1/apikeys", "/api/v2/apikeys")
KEYS = PATHS[0]
WRONG_FIELDS: list[tuple[object, str]] = [
    ({}, "name"),
    ({"name": ""}, "name"),
    ({"name": "a\0b"}, "name"),
    ({"name": "x" * 101}, "name"),
    ({"name": "x", "tier": "gold"}, "tier"),
    ({"name": "x", "scopes": ["jobs:write", "jobs:own"]}, "scopes.1"),
    ({"name": "x", "scopes": []}, "scopes"),
    ({"name": "x", "description": 5}, "description"),
    ({"name": "x", "colour": "red"}, "colour"),
    ([], "body"),
]


@pytest.fixture
async def anna(platform: Platform) -> Account:
    return await platform.account("anna")


async def make(account: Account, **values: Any) -> dict[str, Any]:
    answer = await account.http.post(KEYS, json={"name": "extension"} | values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["api_key"])


async def status(platform: Platform, path: str, method: str = "GET", **headers: str) -> int:
    async with platform.client(**headers) as client:
        return int((await client.request(method, path)).status_code)


async def test_key_is_made_read_changed_and_revoked_under_both_versions(anna: Account) -> None:
    for path in PATHS:
        made = (await anna.http.post(path, json={"name": "forge", "description": "at home"})).json()["api_key"]
        one = f"{path}/{made['id']}"
        read = (await anna.http.get(one)).json()["api_key"]
        assert {"name": "forge", "description": "at home", "tier": "standard", "scopes": ["*"]}.items() <= read.items()
        assert read["is_active"] is True
        changed = await anna.http.put(one, json={"name": "desk", "scopes": ["jobs:read"]})
        assert changed.json()["api_key"]["name"] == "desk"
        assert changed.json()["api_key"]["description"] == "at home"
        assert (await anna.http.delete(one)).json()["success"] is True
        for method in ("GET", "DELETE"):
            assert (await anna.http.request(method, one)).status_code == 404
        assert (await anna.http.put(one, json={"is_active": True})).status_code == 404


async def test_secret_is_shown_once(anna: Account) -> None:
    made = await make(anna)
    for path in (KEYS, f"{KEYS}/{made['id']}"):
        text = (await anna.http.get(path)).text
        assert made["secret"] not in text
        assert "secret" not in text


async def test_idempotency_keys_of_operators_and_users_are_apart(platform: Platform, anna: Account) -> None:
    idempotency = {"Idempotency-Key": "once"}
    assert (await anna.http.post(KEYS, json={"name": "hers"}, headers=idempotency)).status_code == 201
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}, **idempotency) as operator:
        answers = [await operator.post(KEYS, json={"name": "theirs", "user_id": anna.id}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert "Idempotent-Replayed" not in answers[0].headers
    assert answers[1].headers["Idempotent-Replayed"] == "true"


async def test_repeated_creation_makes_one_key_and_returns_no_secret_again(platform: Platform, anna: Account) -> None:
    headers = {"Idempotency-Key": "once"}
    first, again = [await anna.http.post(KEYS, json={"name": "x"}, headers=headers) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    made, repeated = first.json()["api_key"], again.json()["api_key"]
    assert repeated["id"] == made["id"]
    assert (repeated["key"], repeated["secret"]) == (None, None)
    kept = await platform.rows("SELECT answer FROM platform.idempotency_keys")
    assert made["secret"] not in str(kept)
    assert (await anna.http.post(KEYS, json={"name": "y"}, headers=headers)).status_code == 422
    assert (await anna.http.get(KEYS)).json()["total"] == 2


async def test_user_who_holds_as_many_keys_as_allowed_must_revoke_one_first(start_platform: StartPlatform) -> None:
    platform = await start_platform(api_keys_per_user=2)
    anna = await platform.account("anna")
    made = await make(anna)
    assert (await anna.http.put(f"{KEYS}/{made['id']}", json={"is_active": False})).status_code == 200
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}) as operator:
        for path in PATHS:
            for client in (anna.http, operator):
                refused = await client.post(path, json={"name": "one more", "user_id": anna.id})
                assert (refused.status_code, refused.json()["code"]) == (409, "key_limit")
                assert "2 API keys" in refused.json()["error"]
    await anna.http.delete(f"{KEYS}/{made['id']}")
    await make(anna)


async def test_concurrent_creations_do_not_pass_the_limit(start_platform: StartPlatform) -> None:
    platform = await start_platform(api_keys_per_user=2)
    anna = await platform.account("anna")
    made = new_api_key(KeyKind.USER)
    async with platform.running.database.begin() as connection:
        keys = PostgresNewApiKeys(connection)
        assert await keys.held_by(anna.id) == 1
        another = asyncio.create_task(anna.http.post(KEYS, json={"name": "another"}))
        await platform.lock_waited_for()
        await keys.add(StoredKey(made.id, KeyKind.USER, anna.id, hash_api_key(made.text), "first"))
    assert (await another).status_code == 409


async def test_list_counts_and_pages_the_owners_keys(anna: Account) -> None:
    for name in ("one", "two"):
        await make(anna, name=name)
    page = (await anna.http.get(KEYS, params={"limit": 2})).json()
    assert [key["name"] for key in page["api_keys"]] == ["two", "one"]
    assert (page["count"], page["total"]) == (2, 3)
    assert len((await anna.http.get(KEYS, params={"offset": 2})).json()["api_keys"]) == 1


async def test_key_comes_in_every_form_that_clients_send(platform: Platform, anna: Account) -> None:
    made = await make(anna)
    whole, secret = made["key"], made["secret"]
    public = whole.removesuffix(f"_{secret}")
    packed = [base64.b64encode(f"{key}:{secret}".encode()).decode() for key in (whole, public)]
    for headers in (
        {"Authorization": f"Bearer {whole}"},
        {"X-API-Key": whole},
        {"X-API-Key": whole, "X-API-Secret": secret},
        {"X-API-Key": public, "X-API-Secret": secret},
        {"Authorization": f"Bearer {packed[0]}"},
        {"Authorization": f"Bearer {packed[1]}"},
    ):
        assert await status(platform, "/api/me", **headers) == 200, headers
    for headers in (
        {"X-API-Key": public},
        {"X-API-Key": whole, "X-API-Secret": "wrong"},
        {"X-API-Key": public, "X-API-Secret": secret[::-1]},
        {"X-API-Secret": secret},
        {"Authorization": f"Bearer {base64.b64encode(b'dk_user:x').decode()}"},
    ):
        assert await status(platform, "/api/me", **headers) == 401, headers


async def test_scopes_open_their_routes_and_nothing_else(platform: Platform, anna: Account) -> None:
    job_id = (await anna.submit("image_fast"))["id"]
    key = (await make(anna, scopes=["jobs:read"]))["key"]
    for path in ("/api/jobs", f"/api/jobs/{job_id}"):
        assert await status(platform, path, **{"X-API-Key": key}) == 200
    for method, path in (
        ("POST", "/api/queue-job"),
        ("POST", f"/api/jobs/{job_id}/cancel"),
        ("GET", "/api/assets"),
        ("GET", "/api/me"),
        ("POST", "/api/auth/token"),
        ("GET", KEYS),
        ("POST", KEYS),
    ):
        async with platform.client(**{"X-API-Key": key}) as client:
            answer = await client.request(method, path, json={"jobType": "image_fast", "name": "x"})
        assert answer.status_code == 403, path
        assert "scope" in answer.json()["error"]


async def test_key_cannot_give_what_it_does_not_hold(platform: Platform, anna: Account) -> None:
    key = (await make(anna, scopes=["keys:manage", "jobs:read"]))["key"]
    async with platform.client(**{"X-API-Key": key}) as client:
        answer = await client.post(KEYS, json={"name": "more", "scopes": ["jobs:write"]})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "scopes"
        assert (await client.post(KEYS, json={"name": "same"})).json()["api_key"]["scopes"] == [
            "keys:manage",
            "jobs:read",
        ]


async def test_deactivated_and_revoked_keys_open_nothing_at_once(platform: Platform, anna: Account) -> None:
    made = await make(anna)
    one, header = f"{KEYS}/{made['id']}", {"X-API-Key": made["key"]}
    assert await status(platform, "/api/me", **header) == 200
    await anna.http.put(one, json={"is_active": False})
    assert await status(platform, "/api/me", **header) == 401
    await anna.http.put(one, json={"is_active": True})
    assert await status(platform, "/api/me", **header) == 200
    await anna.http.delete(one)
    assert await status(platform, "/api/me", **header) == 401


@pytest.mark.parametrize("change", [None, {"is_active": False}, {"scopes": ["jobs:read"]}])
async def test_a_token_ends_with_the_key_that_it_was_made_with(
    platform: Platform, anna: Account, change: dict[str, Any] | None
) -> None:
    made = await make(anna)
    async with platform.client(**{"X-API-Key": made["key"]}) as client:
        token = (await client.post("/api/auth/token")).json()["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    assert await status(platform, "/api/me", **header) == 200
    one = f"{KEYS}/{made['id']}"
    await (anna.http.put(one, json=change) if change else anna.http.delete(one))
    assert await status(platform, "/api/me", **header) == (403 if change and "scopes" in change else 401)


async def test_limited_key_gets_no_session_and_loses_those_it_had(platform: Platform, anna: Account) -> None:
    made = await make(anna)
    async with platform.client() as browser:
        login = await browser.post("/api/auth/login", json={"api_key": made["key"]})
        assert login.status_code == 200, login.text
        assert (await browser.get("/api/me")).status_code == 200
        await anna.http.put(f"{KEYS}/{made['id']}", json={"scopes": ["jobs:read"]})
        assert (await browser.get("/api/me")).status_code == 401
        assert (await browser.post("/api/auth/login", json={"api_key": made["key"]})).status_code == 403


async def test_another_users_key_is_not_there(platform: Platform, anna: Account) -> None:
    made, ben = await make(anna), await platform.account("ben")
    for path in PATHS:
        one = f"{path}/{made['id']}"
        assert (await ben.http.get(one)).status_code == 404
        assert (await ben.http.put(one, json={"is_active": False})).status_code == 404
        assert (await ben.http.delete(one)).status_code == 404
        assert made["id"] not in (await ben.http.get(path)).text
    for request in (ben.http.get(KEYS, params={"user_id": anna.id}), ben.http.post(KEYS, json=_for(anna.id))):
        assert (await request).status_code == 403
    assert await status(platform, "/api/me", **{"X-API-Key": made["key"]}) == 200


async def test_operator_manages_everybodys_keys_and_alone_gives_premium(platform: Platform, anna: Account) -> None:
    assert (await anna.http.post(KEYS, json={"name": "x", "tier": "premium"})).status_code == 403
    made = await make(anna)
    assert (await anna.http.put(f"{KEYS}/{made['id']}", json={"tier": "premium"})).status_code == 403
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}) as operator:
        raised = await operator.put(f"{KEYS}/{made['id']}", json={"tier": "premium"})
        assert raised.json()["api_key"]["tier"] == "premium"
        given = await operator.post(KEYS, json=_for(anna.id) | {"tier": "premium"})
        assert given.json()["api_key"]["user_id"] == anna.id
        names = {key["name"] for key in (await operator.get(KEYS, params={"user_id": anna.id})).json()["api_keys"]}
        assert names == {"anna's", "extension", "x"}
        assert (await operator.get(KEYS, params={"user_id": anna.id.upper()})).json()["total"] == 3
        assert (await operator.post(KEYS, json=_for("019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"))).status_code == 403
        assert (await operator.delete(f"{KEYS}/{made['id']}")).status_code == 200
    assert await status(platform, "/api/me", **{"X-API-Key": made["key"]}) == 401


async def test_operators_key_makes_keys_of_the_operators_account(platform: Platform) -> None:
    printed = {"name": "Forge extension", "description": "upstairs", "tier": "premium"}
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}) as operator:
        made = [(await operator.post(path, json=printed)).json()["api_key"] for path in PATHS]
        assert printed.items() <= made[0].items()
        owner = made[0]["user_id"]
        assert (made[0]["kind"], made[1]["user_id"]) == ("user", owner)
        listed = (await operator.get(KEYS, params={"user_id": owner})).json()["api_keys"]
        assert {key["id"] for key in listed} == {key["id"] for key in made}
        generate = {"target_server_alias": "Main", "generation_params": {"positive_prompt": "a boat"}}
        async with platform.client(Authorization=f"Bearer {made[0]['key']}") as extension:
            assert (await extension.post("/api/v2/generate", json=generate)).status_code == 402
            granted = await operator.post("/api/admin/credits", json={"user_id": owner.upper(), "amount": 10})
            assert granted.json() == {"user_id": owner, "amount": 10, "balance": 10}
            assert (await extension.post("/api/v2/generate", json=generate)).status_code == 200
            assert (await extension.get("/api/v1/apikeys", params={"limit": 1})).json()["total"] == 2


async def test_wrong_field_is_named_in_a_400(anna: Account) -> None:
    made = await make(anna)
    for body, field in WRONG_FIELDS:
        answer = await anna.http.post(KEYS, json=body)
        assert answer.status_code == 400, field
        assert field in [error["field"] for error in answer.json()["errors"]]
        if isinstance(body, dict) and body:
            assert (await anna.http.put(f"{KEYS}/{made['id']}", json=body)).status_code == 400, field
    for path in (f"{KEYS}/nonsense", f"{KEYS}/%00"):
        assert (await anna.http.get(path)).status_code == 404


async def test_use_is_noted_once_in_a_while(platform: Platform, anna: Account) -> None:
    made = await make(anna)
    one = f"{KEYS}/{made['id']}"
    assert (await anna.http.get(one)).json()["api_key"]["last_used_at"] is None
    await status(platform, "/api/me", **{"X-API-Key": made["key"]})
    noted = (await anna.http.get(one)).json()["api_key"]["last_used_at"]
    assert noted is not None
    await status(platform, "/api/me", **{"X-API-Key": made["key"]})
    assert (await anna.http.get(one)).json()["api_key"]["last_used_at"] == noted
    await platform.rows(
        "UPDATE platform.api_keys SET last_used_at = last_used_at - interval '1 hour' WHERE id = %s RETURNING id",
        made["id"],
    )
    await status(platform, "/api/me", **{"X-API-Key": made["key"]})
    assert (await anna.http.get(one)).json()["api_key"]["last_used_at"] > noted


async def test_other_services_learn_tier_scopes_and_rest(platform: Platform, anna: Account) -> None:
    link = await QueueClient.open(platform.redis_url)
    try:
        directory = KeyDirectory(link)
        made = await make(anna, scopes=["webhooks:read"])
        key = parse_api_key(made["key"])
        assert key is not None

        async def known() -> bool:
            return await directory.find(key.id) is not None

        async def unknown() -> bool:
            return not await known()

        await until(known, 10)
        published = await directory.find(key.id)
        assert published is not None
        assert (published.tier, published.scopes) == ("standard", ("webhooks:read",))
        await anna.http.put(f"{KEYS}/{key.id}", json={"is_active": False})
        await until(unknown, 10)
        await anna.http.put(f"{KEYS}/{key.id}", json={"is_active": True})
        await until(known, 10)
    finally:
        await link.close()


def _for(user_id: str) -> dict[str, str]:
    return {"name": "x", "user_id": user_id}

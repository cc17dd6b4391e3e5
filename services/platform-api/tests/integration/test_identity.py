"""Nobody gets in without a credential, and nobody sees what belongs to somebody else."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from darkroom_chassis.api_keys import KeyKind, new_api_key
from darkroom_schemas.ids import UserId
from platform_api.commands.bootstrap import bootstrap
from platform_api.wiring import jwt_codec, open_accounts
from support.platform import Platform, StartPlatform, StartWorker

SOME_ID = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"
PROTECTED = [
    ("POST", "/api/queue-job"),
    ("GET", "/api/jobs"),
    ("GET", f"/api/jobs/{SOME_ID}"),
    ("GET", f"/api/jobs/{SOME_ID}/stream"),
    ("GET", f"/api/jobs/{SOME_ID}/history"),
    ("GET", f"/api/jobs/{SOME_ID}/why"),
    ("POST", f"/api/jobs/{SOME_ID}/cancel"),
    ("GET", "/api/assets"),
    ("GET", f"/api/assets/{SOME_ID}"),
    ("DELETE", f"/api/assets/{SOME_ID}"),
    ("GET", f"/api/assets/{SOME_ID}/content"),
    ("GET", f"/api/assets/{SOME_ID}/thumbnail"),
    ("GET", "/api/me"),
    ("GET", "/api/credits"),
    ("POST", "/api/admin/credits"),
    ("GET", "/api/events"),
    ("POST", "/api/auth/token"),
    ("POST", "/api/auth/ticket"),
]


OPEN = ["/api/queue-status", "/api/job-types", "/livez", "/readyz", "/metrics"]


async def test_without_or_with_a_wrong_credential_is_a_401(platform: Platform) -> None:
    wrong: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer nonsense"},
        {"X-API-Key": new_api_key(KeyKind.USER).text},
        {"user_id": SOME_ID, "X-User-Id": SOME_ID},
    ]
    async with platform.client() as client:
        for method, path in PROTECTED:
            for headers in wrong:
                body = {"job_id": SOME_ID, "jobType": "image_fast"}
                answer = await client.request(method, path, json=body, headers=headers)
                assert answer.status_code == 401, (method, path, headers)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_public_data_needs_no_credential(platform: Platform) -> None:
    async with platform.client() as anonymous:
        assert {(await anonymous.get(path)).status_code for path in OPEN} == {200}


async def test_another_users_job_and_assets_are_not_there(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna, ben = await platform.account("anna"), await platform.account("ben")
    job_id = (await anna.submit("image_fast"))["id"]
    await anna.finished(job_id)
    asset_id = (await anna.http.get("/api/assets")).json()["assets"][0]["id"]
    for method, path in (
        ("GET", f"/api/jobs/{job_id}"),
        ("GET", f"/api/jobs/{job_id}/stream"),
        ("POST", f"/api/jobs/{job_id}/cancel"),
        ("GET", f"/api/assets/{asset_id}/content"),
        ("HEAD", f"/api/assets/{asset_id}/content"),
        ("GET", f"/api/assets/{asset_id}/thumbnail"),
    ):
        assert (await ben.http.request(method, path)).status_code == 404, path
    assert (await ben.http.post("/api/auth/ticket", json={"job_id": job_id})).status_code == 404
    assert (await ben.http.get("/api/jobs")).json()["data"] == []
    assert (await ben.http.get("/api/assets")).json()["total"] == 0


async def test_what_does_not_exist_is_a_404(platform: Platform) -> None:
    anna = await platform.account("anna")
    for path in ("/api/jobs/nonsense", f"/api/jobs/{SOME_ID}", "/api/assets/1/content"):
        assert (await anna.http.get(path)).status_code == 404


async def test_api_key_works_in_both_headers_and_gets_a_token(platform: Platform) -> None:
    anna = await platform.account("anna")
    for headers in ({"X-API-Key": anna.api_key}, {"Authorization": f"Bearer {anna.api_key}"}):
        async with platform.client(**headers) as client:
            assert (await client.get("/api/me")).json()["id"] == anna.id
            token = (await client.post("/api/auth/token")).json()
        async with platform.client(Authorization=f"Bearer {token['access_token']}") as client:
            assert (await client.get("/api/me")).json()["name"] == "anna"


async def test_token_cannot_renew_itself(platform: Platform) -> None:
    anna = await platform.account("anna")
    assert (await anna.http.post("/api/auth/token")).status_code == 403


async def test_service_key_speaks_for_the_user_it_names(platform: Platform) -> None:
    anna = await platform.account("anna")
    key = await platform.key(KeyKind.SERVICE)
    for name in ("user_id", "X-User-Id"):
        async with platform.client(**{"X-API-Key": key, name: anna.id}) as service:
            assert (await service.get("/api/me")).json()["id"] == anna.id
    async with platform.client(**{"X-API-Key": key}) as service:
        assert (await service.get("/api/me")).status_code == 403
    async with platform.client(**{"X-API-Key": key, "X-User-Id": SOME_ID}) as service:
        assert (await service.post("/api/queue-job", json={"jobType": "image_fast"})).status_code == 403


async def test_user_header_without_a_service_key_changes_nothing(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    for credential in (anna.jwt, anna.api_key):
        async with platform.client(Authorization=f"Bearer {credential}", user_id=ben.id) as client:
            assert (await client.get("/api/me")).json()["id"] == anna.id


async def test_bootstrap_keeps_keys_that_are_given_and_replaces_lost_ones(platform: Platform) -> None:
    async with open_accounts(platform.settings) as accounts:
        first = await bootstrap(accounts, {}, credits=1000)
        again = await bootstrap(accounts, {k: v for k, v in first.keys.items() if k is not KeyKind.USER}, credits=1000)
    assert again.user_id == first.user_id
    assert again.keys[KeyKind.SERVICE] == first.keys[KeyKind.SERVICE]
    assert again.keys[KeyKind.USER] != first.keys[KeyKind.USER]
    async with platform.client(**{"X-API-Key": first.keys[KeyKind.USER]}) as client:
        assert (await client.get("/api/me")).status_code == 401
    async with platform.client(**{"X-API-Key": again.keys[KeyKind.USER]}) as client:
        assert (await client.get("/api/me")).json()["credits"] == 1000


async def test_expired_token_says_so(platform: Platform) -> None:
    token = jwt_codec(platform.settings).issue(UserId(SOME_ID), ttl_s=-60)
    async with platform.client(Authorization=f"Bearer {token}") as client:
        answer = await client.get("/api/me")
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_expired"


class Provider:
    """An identity provider: its settings, and tokens that it signs."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key())) | {"kid": "one"}
        (folder / "jwks.json").write_text(json.dumps({"keys": [public]}))
        self.settings: dict[str, Any] = {
            "jwt_jwks": str(folder / "jwks.json"),
            "jwt_jwks_issuer": "https://login.example",
            "jwt_jwks_audience": "ui",
            "jwt_jwks_algorithm": "ES256",
        }

    def bearer(self, subject: str) -> dict[str, str]:
        claims = {"sub": subject, "iss": "https://login.example", "aud": "ui", "exp": time.time() + 60}
        token = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": "one"})
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    return Provider(tmp_path)


async def test_token_of_the_identity_provider_speaks_for_the_user_with_its_subject(
    start_platform: StartPlatform, provider: Provider
) -> None:
    platform = await start_platform(**provider.settings)
    anna = await platform.account("anna")
    async with platform.client(**provider.bearer(anna.id)) as client:
        assert (await client.get("/api/me")).json()["name"] == "anna"
    assert (await anna.http.get("/api/me")).status_code == 200


async def test_whom_only_the_identity_provider_knows_is_nobody_here(
    start_platform: StartPlatform, provider: Provider
) -> None:
    platform = await start_platform(**provider.settings)
    async with platform.client(**provider.bearer(SOME_ID)) as client:
        assert (await client.get("/api/me")).status_code == 403
        assert (await client.post("/api/queue-job", json={"jobType": "image_fast"})).status_code == 403
    assert await platform.rows("SELECT id FROM platform.users") == []


async def test_first_token_of_the_identity_provider_makes_a_user_without_credits(
    start_platform: StartPlatform, provider: Provider
) -> None:
    platform = await start_platform(**provider.settings, jwt_provision_users=True)
    async with platform.client(**provider.bearer(SOME_ID)) as client:
        answers = await asyncio.gather(*(client.get("/api/me") for _ in range(10)))
        assert {answer.status_code for answer in answers} == {200}
        me = answers[0].json()
        assert (me["id"], me["credits"]) == (SOME_ID, 0)
        assert (await client.post("/api/queue-job", json={"jobType": "image_fast"})).status_code == 402
        key = (await client.post("/api/v1/apikeys", json={"name": "first"})).json()["api_key"]
        assert key["tier"] == "standard"


async def test_no_user_is_made_of_a_subject_that_is_no_id_nor_of_our_own_tokens(
    start_platform: StartPlatform, provider: Provider
) -> None:
    platform = await start_platform(**provider.settings, jwt_provision_users=True)
    own = {"Authorization": f"Bearer {jwt_codec(platform.settings).issue(UserId(SOME_ID), ttl_s=60)}"}
    for headers, status in ((provider.bearer("auth0|anna"), 401), (own, 403)):
        async with platform.client(**headers) as client:
            assert (await client.get("/api/me")).status_code == status
    assert await platform.rows("SELECT id FROM platform.users") == []

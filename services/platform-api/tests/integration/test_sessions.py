"""Logging in with a browser: the cookie reads everything of its user, and writes only from our own pages."""

import asyncio
from functools import partial

import httpx
import psycopg
import pytest
from darkroom_chassis.api_keys import KeyKind
from darkroom_queue import QueueClient
from darkroom_redis import OperatorTickets
from darkroom_schemas.ids import UserId
from platform_api.commands.bootstrap import make_key
from platform_api.domain.accounts.sessions import set_password
from platform_api.wiring import open_accounts, open_passwords
from platform_api.wiring.credentials import sign_in_codec
from support.platform import Account, Platform, StartPlatform, StartWorker
from support.waiting import until

pytestmark = pytest.mark.usefixtures("quick_hashes")
PASSWORD = "correct horse battery"
UI = "https://ui.example"
LOGIN, LOGOUT = "/api/auth/login", "/api/auth/logout"


@pytest.fixture
async def anna(platform: Platform) -> Account:
    account = await platform.account("anna")
    await give_password(platform, account.id, PASSWORD)
    return account


async def give_password(platform: Platform, user_id: UserId, password: str) -> None:
    async with open_passwords(platform.settings) as (passwords, hasher):
        await set_password(user_id, password, passwords=passwords, hasher=hasher)


async def log_in(browser: httpx.AsyncClient, **credentials: str) -> httpx.Response:
    return await browser.post(LOGIN, json=credentials or {"name": "anna", "password": PASSWORD})


async def test_login_sets_a_cookie_that_scripts_cannot_read_and_that_reads(platform: Platform, anna: Account) -> None:
    async with platform.client() as browser:
        answer = await log_in(browser)
        assert answer.status_code == 200
        assert answer.json()["user_id"] == anna.id
        attributes = answer.headers["Set-Cookie"].lower()
        assert "httponly" in attributes
        assert "samesite=lax" in attributes
        assert "secure" not in attributes
        assert (await browser.get("/api/me")).json()["name"] == "anna"


async def test_cookie_of_an_https_platform_is_secure_and_bound_to_its_host(start_platform: StartPlatform) -> None:
    platform = await start_platform(public_url="https://darkroom.example")
    anna = await platform.account("anna")
    async with platform.client() as browser:
        cookie = (await log_in(browser, api_key=anna.api_key)).headers["Set-Cookie"]
    assert cookie.startswith("__Host-darkroom_session=")
    assert "; Secure" in cookie
    assert "; Path=/" in cookie


async def test_wrong_name_and_wrong_password_get_the_same_answer(platform: Platform, anna: Account) -> None:
    async with platform.client() as browser:
        wrong = await log_in(browser, name="anna", password="wrong")
        unknown = await log_in(browser, name="nobody", password=PASSWORD)
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["error"] == unknown.json()["error"]
    assert "Set-Cookie" not in wrong.headers


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "anna"}, "body"),
        ({"name": "anna", "password": "x", "api_key": "y"}, "body"),
        ({}, "body"),
        ({"name": "anna", "password": "x", "login_token": "y"}, "body"),
        ({"api_key": "x", "login_token": "y"}, "body"),
        ({"name": 7, "password": "x"}, "name"),
        ({"name": "anna", "password": "x" * 2000}, "password"),
        ({"name": "anna", "password": "x", "remember": True}, "remember"),
    ],
)
async def test_login_that_makes_no_sense_is_a_400_that_names_the_field(
    platform: Platform, body: object, field: str
) -> None:
    async with platform.client() as browser:
        answer = await browser.post(LOGIN, json=body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_attempts_are_limited_for_a_quarter_of_an_hour(platform: Platform, anna: Account) -> None:
    async with platform.client() as browser:
        for _ in range(10):
            assert (await log_in(browser, name="anna", password="wrong")).status_code == 401
        limited = await log_in(browser)
        assert limited.status_code == 429
        assert limited.json()["code"] == "rate_limited"
        assert 0 < int(limited.headers["Retry-After"]) <= 900
        assert (await log_in(browser, name="ben", password="wrong")).status_code == 401
        await platform.rows("UPDATE platform.login_attempts SET since = since - interval '15 min' RETURNING 1")
        assert (await log_in(browser)).status_code == 200


async def test_invented_names_keep_nobody_out(platform: Platform, anna: Account) -> None:
    async with platform.client() as browser:
        await log_in(browser, name="ghost", password="wrong")
        await platform.rows("UPDATE platform.login_attempts SET attempts = 1000 RETURNING 1")
        assert (await log_in(browser, name="ghost", password="wrong")).status_code == 429
        assert (await log_in(browser, name="anna", password="wrong")).status_code == 429
        assert (await log_in(browser)).status_code == 200


async def test_attempts_of_one_address_hold_one_connection_of_the_database(platform: Platform, anna: Account) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%login_attempts%'"
    connect = partial(psycopg.AsyncConnection.connect, platform.database_url)
    async with platform.client() as browser, await connect() as holder, await connect(autocommit=True) as operator:

        async def blocked() -> int:
            found = await (await operator.execute(waiting)).fetchone()
            assert found is not None
            return int(found[0])

        await log_in(browser, name="nobody", password=PASSWORD)
        await holder.execute("SELECT * FROM platform.login_attempts FOR UPDATE")
        names = [f"nobody-{number}" for number in range(30)]
        logins = [asyncio.create_task(log_in(browser, name=name, password=PASSWORD)) for name in names]
        await until(blocked)
        for _ in range(30):
            assert (await anna.http.get("/api/me")).status_code == 200
        assert await blocked() == 1
        await holder.rollback()
        assert {(await login).status_code for login in logins} == {401}


async def test_attempts_are_counted_by_the_address_that_a_trusted_proxy_forwards(start_platform: StartPlatform) -> None:
    platform = await start_platform(trusted_proxies="127.0.0.0/8")
    anna = await platform.account("anna")
    await give_password(platform, anna.id, PASSWORD)
    async with platform.client(**{"X-Forwarded-For": "198.51.100.7"}) as attacker:
        for _ in range(10):
            assert (await log_in(attacker, name="anna", password="wrong")).status_code == 401
        assert (await log_in(attacker)).status_code == 429
    async with platform.client(**{"X-Forwarded-For": "203.0.113.9"}) as browser:
        assert (await log_in(browser)).status_code == 200


async def test_login_forgets_the_failures_before_it(platform: Platform, anna: Account) -> None:
    async with platform.client() as browser:
        for _ in range(3):
            for _ in range(9):
                await log_in(browser, name="anna", password="wrong")
            assert (await log_in(browser)).status_code == 200


async def test_logout_ends_the_session_for_good(platform: Platform, anna: Account) -> None:
    async with platform.client() as browser:
        await log_in(browser)
        stolen = dict(browser.cookies)
        assert (await browser.post(LOGOUT, headers={"Origin": platform.url})).status_code == 204
        assert (await browser.get("/api/me")).status_code == 401
        assert (await browser.post(LOGOUT)).status_code == 204
    async with platform.client() as thief:
        thief.cookies.update(stolen)
        assert (await thief.get("/api/me")).status_code == 401


async def test_session_ends_by_time_by_a_new_password_and_with_its_key(platform: Platform, anna: Account) -> None:
    async with platform.client() as browser:
        await log_in(browser)
        await give_password(platform, anna.id, "another long password")
        assert (await browser.get("/api/me")).status_code == 401
        await log_in(browser, name="anna", password="another long password")
        await platform.rows("UPDATE platform.sessions SET expires_at = now() RETURNING 1")
        assert (await browser.get("/api/me")).status_code == 401
        await log_in(browser, api_key=anna.api_key)
        assert (await browser.get("/api/me")).status_code == 200
        await platform.rows("UPDATE platform.api_keys SET revoked_at = now() RETURNING 1")
        assert (await browser.get("/api/me")).status_code == 401


async def test_key_without_a_user_opens_no_session(platform: Platform) -> None:
    async with platform.client() as browser:
        assert (await log_in(browser, api_key=await platform.key(KeyKind.SERVICE))).status_code == 403
        assert (await log_in(browser, api_key="dk_user_nonsense")).status_code == 401


async def test_write_by_cookie_needs_our_origin_and_json(start_platform: StartPlatform) -> None:
    platform = await start_platform(ui_origins=(UI,))
    anna = await platform.account("anna")
    job = {"jobType": "image_fast", "metadata": {"prompt": "a boat"}}
    async with platform.client() as browser:
        await log_in(browser, api_key=anna.api_key)
        for origin in (platform.url, UI, platform.settings.public_url):
            assert (await browser.post("/api/queue-job", json=job, headers={"Origin": origin})).status_code == 200, (
                origin
            )
        for origin in ("https://evil.example", "null", f"{UI}.evil.example", UI.replace("https", "http")):
            assert (await browser.post("/api/queue-job", json=job, headers={"Origin": origin})).status_code == 403, (
                origin
            )
        assert (await browser.post("/api/queue-job", json=job)).status_code == 403
        for kind in ("text/plain", "application/x-www-form-urlencoded", "text/plain; application/json"):
            headers = {"Origin": platform.url, "Content-Type": kind}
            answer = await browser.post("/api/queue-job", content='{"jobType": "image_fast"}', headers=headers)
            assert answer.status_code == 400, kind
        job_id = (await browser.get("/api/jobs")).json()["data"][0]["id"]
        assert (await browser.post(f"/api/jobs/{job_id}/cancel")).status_code == 403
        own = {"Origin": platform.url}
        assert (await browser.post(f"/api/jobs/{job_id}/cancel", headers=own)).status_code == 200


async def test_another_sites_page_cannot_log_a_browser_in(platform: Platform, anna: Account) -> None:
    async with platform.client() as browser:
        body = {"name": "anna", "password": PASSWORD}
        assert (await browser.post(LOGIN, json=body, headers={"Origin": "https://evil.example"})).status_code == 403
        headers = {"Content-Type": "text/plain"}
        assert (await browser.post(LOGIN, content='{"api_key": "x"}', headers=headers)).status_code == 400


async def test_header_counts_before_the_cookie(platform: Platform, anna: Account) -> None:
    ben = await platform.account("ben")
    async with platform.client() as browser:
        await log_in(browser)
        assert (await browser.get("/api/me", headers=ben.bearer)).json()["name"] == "ben"
        assert (await browser.get("/api/me", headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_session_cannot_be_made_into_a_token(platform: Platform, anna: Account) -> None:
    async with platform.client() as browser:
        await log_in(browser)
        headers = {"Origin": platform.url}
        assert (await browser.post("/api/auth/token", headers=headers)).status_code == 403


async def test_printed_client_polls_with_the_cookie_alone(
    platform: Platform, anna: Account, start_worker: StartWorker
) -> None:
    """It submits with a token and a body of no content type, and polls and shows without any header."""
    await start_worker()
    async with platform.client() as browser:
        await log_in(browser)
        body = '{"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}}'
        headers = anna.bearer | {"Content-Type": "text/plain;charset=UTF-8"}
        job_id = (await browser.post("/api/queue-job", content=body, headers=headers)).json()["job"]["id"]
        await anna.finished(job_id)
        job = (await browser.get(f"/api/jobs/{job_id}")).json()
        assert job["status"] == "completed"
        assert len(job["metadata"]["all_assets"]) == 6
        listed = (await browser.get("/api/assets")).json()["assets"]
        assert (await browser.get(listed[0]["content_path"])).status_code == 200


async def test_pages_of_configured_origins_may_use_the_api_and_no_others(start_platform: StartPlatform) -> None:
    platform = await start_platform(ui_origins=(UI,))
    anna = await platform.account("anna")
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    async with platform.client() as browser:
        allowed = await browser.options("/api/queue-job", headers={"Origin": UI, **asked})
        refused = await browser.options("/api/queue-job", headers={"Origin": "https://evil.example", **asked})
        read = await browser.get("/api/me", headers={"Origin": UI, **anna.bearer})
    assert allowed.status_code == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == UI
    assert allowed.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert "Retry-After" in read.headers["Access-Control-Expose-Headers"]


async def test_key_of_another_user_shows_nothing_of_annas_session(platform: Platform, anna: Account) -> None:
    async with open_accounts(platform.settings) as accounts:
        ben, _ = await accounts.open("ben", 0)
        key = await make_key(accounts, KeyKind.USER, "ben's", ben)
    async with platform.client() as browser:
        await log_in(browser, api_key=key.text)
        assert (await browser.get("/api/me")).json()["id"] == ben


async def test_a_sign_in_link_opens_a_session_and_authenticates_nothing_else(platform: Platform) -> None:
    anna = await platform.account("anna")
    token = sign_in_codec(platform.settings).issue(anna.id, ttl_s=60)
    async with platform.client() as browser:
        assert (await browser.get("/api/me", headers={"Authorization": f"Bearer {token}"})).status_code == 401
        answer = await log_in(browser, login_token=token)
        assert (answer.status_code, answer.json()["user_id"]) == (200, anna.id)
        assert (await browser.get("/api/me")).json()["name"] == "anna"


async def test_a_sign_in_link_that_has_expired_or_is_another_token_opens_nothing(platform: Platform) -> None:
    anna = await platform.account("anna")
    expired = sign_in_codec(platform.settings).issue(anna.id, ttl_s=-60)
    async with platform.client() as browser:
        for token in (expired, anna.jwt, anna.api_key, "x"):
            answer = await log_in(browser, login_token=token)
            assert answer.status_code == 401
            assert "Set-Cookie" not in answer.headers


async def test_an_image_is_uploaded_by_cookie_from_our_own_pages_only(platform: Platform) -> None:
    anna = await platform.account("anna")
    own, image = {"Origin": platform.url}, {"Content-Type": "image/png"}
    async with platform.client() as browser:
        await log_in(browser, api_key=anna.api_key)
        answer = await browser.post("/api/uploads", content=b"no image", headers=own | image)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "body")
        elsewhere = {"Origin": "https://evil.example"}
        assert (await browser.post("/api/uploads", content=b"x", headers=elsewhere | image)).status_code == 403
        form = {"Content-Type": "text/plain"}
        refused = await browser.post("/api/uploads", content=b"x", headers=own | form)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "Content-Type")


async def test_only_operators_get_a_ticket_for_queue_api(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    async with open_accounts(platform.settings) as accounts:
        await accounts.set_operator(anna.id, is_operator=True)
    body = {"audience": "operator"}
    ticket = (await anna.http.post("/api/auth/ticket", json=body)).json()
    assert (ticket["reusable"], ticket["expires_in"]) == (True, 300)
    link = await QueueClient.open(platform.redis_url)
    try:
        assert await OperatorTickets(link).is_operator(ticket["ticket"])
    finally:
        await link.close()
    assert (await anna.http.get("/api/me")).json()["operator"] is True
    refused = await ben.http.post("/api/auth/ticket", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await ben.http.get("/api/me")).json()["operator"] is False
    async with open_accounts(platform.settings) as accounts:
        await accounts.set_operator(anna.id, is_operator=False)
    assert (await anna.http.post("/api/auth/ticket", json=body)).status_code == 403

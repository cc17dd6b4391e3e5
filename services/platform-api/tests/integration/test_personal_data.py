"""Export and deletion of everything that belongs to a user, in all tables and in the object store."""

import asyncio
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from darkroom_chassis.api_keys import KeyKind
from darkroom_queue import EventLog, QueueClient, StepContext
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import new_uuid7
from darkroom_schemas.step import StepResult
from platform_api.domain.accounts.sessions import set_password
from platform_api.store.accounts.owned_rows import owned_tables
from platform_api.wiring import open_passwords
from psycopg.errors import RaiseException
from support.platform import Account, Platform, StartWorker
from support.waiting import until

pytestmark = pytest.mark.usefixtures("quick_hashes")
PASSWORD = "correct horse battery"
PROMPT = "a lighthouse that only Anna thought of"


@pytest.fixture
async def anna(platform: Platform, start_worker: StartWorker) -> Account:
    """Give a user with a password, a session, a finished job with files, an upload, a workflow and a collection."""
    await start_worker()
    account = await platform.account("anna")
    async with open_passwords(platform.settings) as (passwords, hasher):
        await set_password(account.id, PASSWORD, passwords=passwords, hasher=hasher)
    job = await account.submit(prompt=PROMPT)
    assert (await account.finished(job["id"]))["status"] == "completed"
    key = await account.http.post(
        "/api/queue-job",
        json={"jobType": "sdxl_image_fast", "metadata": {"prompt": PROMPT}},
        headers={"Idempotency-Key": "once"},
    )
    await account.finished(key.json()["job"]["id"])
    async with platform.client() as browser:
        (await browser.post("/api/auth/login", json={"name": "anna", "password": PASSWORD})).raise_for_status()
    return account


async def rows_of(platform: Platform, account: Account) -> dict[str, int]:
    """Count the rows of every table of the database that name the user in any column."""
    columns = await platform.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'platform'"
    )
    counts = {}
    for table in sorted({table for table, _ in columns}):
        naming = f"SELECT count(*) FROM platform.{table} AS t WHERE t::text LIKE %s"  # noqa: S608
        named = await platform.rows(naming, f"%{account.id}%")
        if named[0][0]:
            counts[str(table)] = int(named[0][0])
    return counts


def files(platform: Platform) -> list[Path]:
    return [path for path in platform.objects.rglob("*") if path.is_file()]


async def exported(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = (await client.get("/api/me/export")).raise_for_status()
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_the_export_has_every_row_and_no_secret(platform: Platform, anna: Account) -> None:
    lines = await exported(anna.http)
    assert (lines[0]["kind"], lines[0]["user_id"]) == ("export", anna.id)
    assert lines[-1] == {"kind": "end", "lines": len(lines) - 1}
    kinds = [line["kind"] for line in lines]
    for table in ("users", "jobs", "steps", "job_history", "assets", "credit_ledger", "api_keys"):
        of_user = "id = %s" if table == "users" else "user_id = %s"
        if table in {"steps", "job_history"}:
            of_user = "job_id IN (SELECT id FROM platform.jobs WHERE user_id = %s)"
        [(number,)] = await platform.rows(f"SELECT count(*) FROM platform.{table} WHERE {of_user}", anna.id)  # noqa: S608
        assert kinds.count(table) == number > 0
    [job, *_] = [line["row"] for line in lines if line["kind"] == "jobs"]
    assert job["parameters"]["prompt"] == PROMPT
    asset = next(line["row"] for line in lines if line["kind"] == "assets")
    assert (await anna.http.get(platform.local(asset["url"]))).status_code == 200
    text = json.dumps(lines)
    assert "argon2" not in text
    assert anna.api_key.rpartition("_")[2] not in text
    assert not {"secret_hash", "token_hash", "password_hash"} & {name for line in lines for name in line.get("row", {})}


async def test_the_export_has_nothing_of_other_users(platform: Platform, anna: Account) -> None:
    ben = await platform.account("ben")
    lines = await exported(ben.http)
    assert {line["kind"] for line in lines} == {"export", "users", "credit_ledger", "api_keys", "end"}
    assert anna.id not in json.dumps(lines)


async def test_deletion_leaves_nothing_in_any_table_and_no_object(platform: Platform, anna: Account) -> None:
    ben = await platform.account("ben")
    bens = await rows_of(platform, ben)
    assert files(platform)
    answer = await anna.http.request("DELETE", "/api/me", json={"password": PASSWORD})
    assert answer.status_code == 204

    async def nothing_left() -> bool:
        left = await rows_of(platform, anna)
        return not left and not files(platform) and not await platform.rows("SELECT 1 FROM platform.doomed_objects")

    await until(nothing_left, timeout_s=20)
    assert await rows_of(platform, ben) == bens
    assert (await anna.http.get("/api/me")).status_code == 403  # the token is valid, the user is unknown
    async with platform.client(**{"X-API-Key": anna.api_key}) as client:
        assert (await client.get("/api/me")).status_code == 401
    assert (await anna.http.request("DELETE", "/api/me", json={"password": PASSWORD})).status_code == 204


async def test_deletion_is_announced_to_the_other_services(platform: Platform, anna: Account) -> None:
    client = await QueueClient.open(platform.redis_url)
    log = EventLog(client)
    tail = await log.tail()
    await anna.http.request("DELETE", "/api/me", json={"password": PASSWORD})

    async def announced() -> list[Event]:
        return [event for event in await log.read(tail) if event.type == EventType.USER_DELETED]

    [event] = await until(announced)
    await client.close()
    assert (str(event.tenant), str(event.job_id), event.data) == (anna.id, anna.id, {})


async def test_deletion_cancels_the_step_that_runs(platform: Platform, start_worker: StartWorker) -> None:
    started, stopped = asyncio.Event(), asyncio.Event()

    async def hang(context: StepContext) -> StepResult:
        started.set()
        await context.stop.wait()
        stopped.set()
        return StepResult()

    await start_worker(hang)
    account = await platform.account("carl")
    async with open_passwords(platform.settings) as (passwords, hasher):
        await set_password(account.id, PASSWORD, passwords=passwords, hasher=hasher)
    job = await account.submit(prompt="x")
    async with asyncio.timeout(20):
        await started.wait()
        answer = await account.http.request("DELETE", "/api/me", json={"password": PASSWORD})
        assert answer.status_code == 204
        await stopped.wait()
    scans = await platform.rows("SELECT job_id::text FROM platform.leftover_checks")
    assert scans == [(job["id"],)]


async def test_the_ledger_of_other_users_stays_append_only(platform: Platform) -> None:
    ben = await platform.account("ben")
    for deleted in ("", new_uuid7()):
        async with await psycopg.AsyncConnection.connect(platform.database_url) as connection:
            await connection.execute("SELECT set_config('platform.deleted_user', %s, true)", [deleted])
            with pytest.raises(RaiseException, match="append-only"):
                await connection.execute("DELETE FROM platform.credit_ledger WHERE user_id = %s", [ben.id])
            await connection.rollback()


async def test_only_a_recent_session_deletes_without_the_password(platform: Platform, anna: Account) -> None:
    assert (await anna.http.delete("/api/me")).status_code == 403
    wrong = await anna.http.request("DELETE", "/api/me", json={"password": "wrong"})
    assert wrong.status_code == 401
    async with platform.client(Origin=platform.url) as browser:
        await browser.post("/api/auth/login", json={"name": "anna", "password": PASSWORD})
        await platform.rows("UPDATE platform.sessions SET created_at = created_at - interval '16 min' RETURNING 1")
        refused = await browser.delete("/api/me")
        assert refused.status_code == 403
        assert "log in again" in refused.json()["error"]
        await browser.post("/api/auth/login", json={"name": "anna", "password": PASSWORD})
        assert (await browser.delete("/api/me")).status_code == 204
        assert (await browser.get("/api/me")).status_code == 401


async def test_a_service_key_deletes_nobody(platform: Platform, anna: Account) -> None:
    key = await platform.key(KeyKind.SERVICE)
    async with platform.client(**{"X-API-Key": key, "X-User-Id": anna.id}) as client:
        answer = await client.request("DELETE", "/api/me", json={"password": PASSWORD})
    assert answer.status_code == 403
    assert (await anna.http.get("/api/me")).status_code == 200


async def command(platform: Platform, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "platform_api", *words,
        env=platform.environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_operators_export_with_the_bytes_and_delete(platform: Platform, anna: Account, tmp_path: Path) -> None:
    archive = tmp_path / "anna.zip"
    code, output = await command(platform, "export-user", "anna", str(archive))
    assert (code, "0 objects are missing" in output) == (0, True), output
    assert archive.stat().st_mode & 0o077 == 0
    stored = {path.read_bytes() for path in files(platform)}
    with zipfile.ZipFile(archive) as content:
        kinds = {json.loads(line)["kind"] for line in content.read("records.ndjson").splitlines()}
        names = [name for name in content.namelist() if name.startswith("objects/")]
        assert {content.read(name) for name in names} <= stored
    assert kinds >= {"users", "jobs", "steps", "assets"}
    assert names
    assert (await command(platform, "export-user", "anna", str(archive)))[0] != 0
    code, output = await command(platform, "delete-user", "anna", "--yes")
    assert code == 0, output
    code, output = await command(platform, "delete-user", "anna", "--yes")
    assert (code, output) == (0, "There is no user named anna.\n")
    assert await platform.rows("SELECT 1 FROM platform.users WHERE name = 'anna'") == []


def test_every_table_with_a_user_or_a_job_is_known_to_belong_to_users() -> None:
    names = {table.name for table in owned_tables()}
    assert names >= {"users", "jobs", "steps", "job_history", "job_retry_backup", "assets", "credit_ledger", "api_keys"}
    assert not names & {"servers", "offsets", "login_attempts"}

"""The operator's commands, as a shell runs them."""

import json
import os
from pathlib import Path

import psycopg
import pytest
import typer
from argon2 import PasswordHasher
from darkroom_chassis.api_keys import hash_api_key, parse_api_key
from darkroom_chassis.tokens import JwtCodec
from darkroom_client.errors import NotReachable
from darkroom_local.state import RunningStack, StateDir
from platform_api.commands import register
from platform_api.commands.program import cli
from support.servers import MakeDatabase
from typer.testing import CliRunner

SECRET = "j" * 32


@pytest.fixture
def database_url(make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Give an empty database, and an environment that points to it."""
    url = make_database(None)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "PLATFORM_DATABASE_URL": url,
        "OBJECT_STORE_URL": tmp_path.as_uri(),
        "JWT_SECRET": SECRET,
        "JWT_ISSUER": "darkroom",
        "JWT_AUDIENCE": "darkroom",
        "SIGNING_SECRET": "s" * 32,
    }.items():
        monkeypatch.setenv(name, value)
    return url


def running_stack(settings: dict[str, str]) -> RunningStack:
    return RunningStack(
        state_dir="", supervisor_pid=1, platform_url="", queue_url="", dispatcher_url="", worker_urls=[], pids={},
        profile="tiny", user_id="u", api_key="", service_key="s", admin_key="a", queue_token="q", jwt_issuer="i",
        jwt_audience="a", operator_settings=settings,
    )  # fmt: skip


def run(*arguments: str, app: typer.Typer = cli) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_an_image_without_the_darkroom_program_manages_users(database_url: str) -> None:
    run("migrate")
    assert "api_key: dk_user_" in run("user", "add", "anna", "--credits", "5")
    assert "anna" in run("user", "operator", "anna")


def test_bootstrap_can_be_repeated_with_the_keys_it_printed(database_url: str) -> None:
    run("migrate")
    first = json.loads(run("bootstrap", "--json"))
    assert set(first) == {"user_id", "jwt", "api_key", "service_key", "admin_key"}
    options = [f"--{name.replace('_', '-')}={first[name]}" for name in ("api_key", "service_key", "admin_key")]
    again = json.loads(run("bootstrap", "--json", *options))
    assert {**again, "jwt": ""} == {**first, "jwt": ""}
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT name, balance_mc FROM platform.users").fetchall() == [("demo", 1_000_000)]
        assert connection.execute("SELECT count(*) FROM platform.api_keys").fetchone() == (3,)


def test_token_is_for_users_that_exist(database_url: str) -> None:
    run("migrate")
    user_id = json.loads(run("bootstrap", "--json"))["user_id"]
    token = run("token", "--user", user_id).strip()
    assert JwtCodec(SECRET, "darkroom", "darkroom").verify(token).user_id == user_id
    missing = CliRunner().invoke(cli, ["token", "--user", "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"])
    assert missing.exit_code == 2


def test_user_add_makes_a_user_once(database_url: str) -> None:
    run("migrate")
    darkroom = typer.Typer()
    register(darkroom)
    printed = run("user", "add", "anna", "--credits", "12.5", app=darkroom)
    assert "api_key: dk_user_" in printed
    assert CliRunner().invoke(darkroom, ["user", "add", "anna"]).exit_code == 2
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT name, balance_mc FROM platform.users").fetchall() == [("anna", 12_500)]
        assert connection.execute("SELECT kind, amount_mc FROM platform.credit_ledger").fetchall() == [
            ("grant", 12_500)
        ]


def test_user_can_be_given_a_password_and_another_one(database_url: str) -> None:
    run("migrate")
    darkroom = typer.Typer()
    register(darkroom)
    given = CliRunner().invoke(darkroom, ["user", "add", "anna", "--password"], input="correct horse battery\n")
    assert given.exit_code == 0
    assert "battery" not in given.output
    changed = CliRunner().invoke(darkroom, ["user", "password", "anna"], input="another long password\n")
    assert changed.exit_code == 0
    for arguments, text in ((["anna"], "short"), (["nobody"], "a long password")):
        assert CliRunner().invoke(darkroom, ["user", "password", *arguments], input=text).exit_code == 2
    with psycopg.connect(database_url) as connection:
        [(kept,)] = connection.execute("SELECT password_hash FROM platform.passwords").fetchall()
    assert PasswordHasher().verify(kept, "another long password")


def test_operator_gives_and_takes_credits(database_url: str) -> None:
    run("migrate")
    darkroom = typer.Typer()
    register(darkroom)
    run("user", "add", "anna", "--credits", "1", app=darkroom)
    assert "3.5 credits" in run("user", "credits", "anna", "2.5", "--note", "invoice 7", app=darkroom)
    assert "0.5 credits" in run("user", "credits", "anna", "--", "-3", app=darkroom)
    for arguments in (["anna", "--", "-1"], ["nobody", "1"], ["anna", "0"]):
        assert CliRunner().invoke(darkroom, ["user", "credits", *arguments]).exit_code == 2
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT kind, note FROM platform.credit_ledger ORDER BY id").fetchall() == [
            ("grant", "opening balance"),
            ("grant", "invoice 7"),
            ("deduction", None),
        ]


def key_ids(user: str, app: typer.Typer) -> list[str]:
    return [key["id"] for key in json.loads(run("user", "keys", "list", user, "--json", app=app))]


def test_keys_of_a_user_are_made_listed_and_revoked(database_url: str) -> None:
    run("migrate")
    darkroom = typer.Typer()
    register(darkroom)
    run("user", "add", "anna", app=darkroom)
    run("user", "add", "ben", app=darkroom)
    [first] = key_ids("anna", darkroom)
    made = run(
        "user", "keys", "create", "anna", "--name", "phone", "--scope", "jobs:read", "--tier", "premium", app=darkroom
    )
    key = parse_api_key(made.strip())
    assert key is not None
    assert key_ids("anna", darkroom) == [key.id, first]
    assert len(key_ids("ben", darkroom)) == 1
    table = run("user", "keys", "list", "anna", app=darkroom).splitlines()
    assert table[1].split()[:5] == [key.id, "phone", "premium", "jobs:read", "yes"]
    assert key.text not in "".join(table)
    assert key.id in run("user", "keys", "revoke", key.id, app=darkroom)
    run("user", "keys", "revoke", first, app=darkroom)
    assert key_ids("anna", darkroom) == []
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT secret_hash FROM platform.api_keys WHERE id = %s", [key.id]).fetchone()
        assert row == (hash_api_key(key.text),)
        sent = connection.execute("SELECT count(*) FROM platform.outbox o WHERE o::text LIKE %s", [f"%{key.id}%"])
        assert sent.fetchone() == (2,)  # published to the other services, and so is its revocation


def test_a_whole_key_can_be_revoked(database_url: str) -> None:
    run("migrate")
    darkroom = typer.Typer()
    register(darkroom)
    run("user", "add", "anna", app=darkroom)
    leaked = run("user", "keys", "create", "anna", app=darkroom).strip()
    run("user", "keys", "revoke", leaked, app=darkroom)
    assert len(key_ids("anna", darkroom)) == 1


def test_keys_that_cannot_be_are_refused_with_a_sentence(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run("migrate")
    monkeypatch.setenv("API_KEYS_PER_USER", "1")
    darkroom = typer.Typer()
    register(darkroom)
    run("user", "add", "anna", app=darkroom)
    for arguments, sentence in (
        (["list", "nobody"], "no user named nobody"),
        (["create", "nobody"], "no user named nobody"),
        (["create", "anna"], "API_KEYS_PER_USER"),
        (["create", "anna", "--name", ""], "must have 1 to 100 characters"),
        (["create", "anna", "--scope", "everything"], "jobs:read"),
        (["create", "\udce9"], "must be text in UTF-8"),
        (["revoke", "aaaaaaaaaaaa"], "no such key"),
    ):
        ended = CliRunner().invoke(darkroom, ["user", "keys", *arguments])
        assert (ended.exit_code, sentence in ended.output) == (2, True), ended.output


@pytest.mark.parametrize("credits", ["nan", "inf", "1e300", "abc"])
def test_credits_that_are_no_amount_are_refused(database_url: str, credits: str) -> None:
    darkroom = typer.Typer()
    register(darkroom)
    for arguments in (["add", "anna", "--credits", credits], ["credits", "anna", credits]):
        ended = CliRunner().invoke(darkroom, ["user", *arguments])
        assert ended.exit_code == 2
        assert f"1,000,000,000,000, not '{credits}'" in ended.output


def test_a_database_that_cannot_be_used_is_reported(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    darkroom = typer.Typer()
    register(darkroom)
    unmigrated = CliRunner().invoke(darkroom, ["user", "keys", "list", "anna"])
    assert (unmigrated.exit_code, "platform_api migrate" in unmigrated.output) == (3, True)
    monkeypatch.setenv("PLATFORM_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    away = CliRunner().invoke(darkroom, ["user", "add", "anna"])
    assert (away.exit_code, "Connection refused" in away.output) == (3, True)
    assert "secret" not in away.output


def test_commands_work_on_the_stack_that_runs_here_without_settings_in_the_environment(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("migrate")
    names = ("PLATFORM_DATABASE_URL", "OBJECT_STORE_URL", "JWT_SECRET", "JWT_ISSUER", "JWT_AUDIENCE", "SIGNING_SECRET")
    settings = {name: os.environ[name] for name in names}
    for name in names:
        monkeypatch.delenv(name)
    state = StateDir(tmp_path / "state")
    monkeypatch.setenv("DARKROOM_STATE_DIR", str(state.path))
    darkroom = typer.Typer()
    register(darkroom)
    with state.lock():
        with pytest.raises(NotReachable, match="is still starting"):
            CliRunner().invoke(darkroom, ["user", "add", "anna"], catch_exceptions=False)
        state.announce(running_stack(settings))
        assert "api_key: dk_user_" in run("user", "add", "anna", app=darkroom)


def test_openapi_document_names_every_operation_once() -> None:
    document = json.loads(run("openapi"))
    operations = [
        (method, path, operation) for path, item in document["paths"].items() for method, operation in item.items()
    ]
    ids = [operation["operationId"] for _, _, operation in operations]
    assert len(set(ids)) == len(ids)
    assert ("post", "/api/queue-job") in {(method, path) for method, path, _ in operations}
    for _, path, operation in operations:  # validation is 400; 422 is a key that came with another request
        takes_key = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
        assert takes_key or "422" not in operation["responses"], path

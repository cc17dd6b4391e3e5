"""The operator's commands, as a shell runs them."""

import json
from pathlib import Path

import psycopg
import pytest
import typer
from argon2 import PasswordHasher
from darkroom_chassis.tokens import JwtCodec
from platform_api.__main__ import cli
from platform_api.commands import register
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


def run(*arguments: str, app: typer.Typer = cli) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


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

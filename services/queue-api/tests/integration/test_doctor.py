"""`python -m queue_api doctor` with the rights of its own Redis user."""

import json
from pathlib import Path

import pytest
from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_redis.acl import QUEUE
from queue_api.commands.program import cli
from typer.testing import CliRunner


def test_it_finds_no_error_and_names_a_missing_token(
    valkey_server: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # without the .env of this checkout
    done = CliRunner().invoke(cli, ["doctor", "--json"], env={"REDIS_URL": valkey_server.url_of(QUEUE)})
    found = json.loads(done.stdout)
    assert [one for one in found if one["severity"] == "error"] == []
    assert any("AUTH_TOKEN is not set" in one["message"] for one in found)
    assert done.exit_code == 0


def test_a_server_that_does_not_answer_is_an_error() -> None:
    done = CliRunner().invoke(cli, ["doctor"], env={"REDIS_URL": "redis://127.0.0.1:1/0", "AUTH_TOKEN": "t" * 16})
    assert done.exit_code == 1
    assert done.stdout.startswith("ERROR   redis")

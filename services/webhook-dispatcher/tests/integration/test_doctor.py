"""`python -m webhook_dispatcher doctor` with the rights of its own Redis user."""

import json

from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_redis.acl import WEBHOOKS
from support.servers import MakeDatabase
from typer.testing import CliRunner
from webhook_dispatcher.commands.program import cli
from webhook_dispatcher.migrations import MIGRATIONS


def test_it_finds_no_error_and_names_earlier_keys(valkey_server: EmbeddedValkey, make_database: MakeDatabase) -> None:
    env = {
        "REDIS_URL": valkey_server.url_of(WEBHOOKS),
        "WEBHOOKS_DATABASE_URL": make_database(MIGRATIONS.upgrade),
        "SECRETS_KEY": "k" * 32,
        "SECRETS_KEYS_OLD": "o" * 32,
    }
    done = CliRunner().invoke(cli, ["doctor", "--json"], env=env)
    found = json.loads(done.stdout)
    assert [one for one in found if one["severity"] == "error"] == []
    assert {one["check"] for one in found} == {"settings", "postgresql", "schema", "redis"}
    assert any("SECRETS_KEYS_OLD" in one["message"] for one in found)
    assert done.exit_code == 0


def test_a_database_without_the_schema_is_an_error(valkey_server: EmbeddedValkey, postgres_url: str) -> None:
    env = {"REDIS_URL": valkey_server.url, "WEBHOOKS_DATABASE_URL": postgres_url, "SECRETS_KEY": "k" * 32}
    done = CliRunner().invoke(cli, ["doctor"], env=env)
    assert done.exit_code == 1
    assert "Run `python -m webhook_dispatcher migrate`." in done.stdout

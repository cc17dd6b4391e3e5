"""The rights of the Redis users cover every script."""

import re
from pathlib import Path

import pytest
from darkroom_redis.acl import GPU_WORKER, PLATFORM, QUEUE, USERS, WEBHOOKS, RedisUser

LIBRARIES = Path(__file__).parents[4] / "libs"
SCRIPTS = sorted(LIBRARIES.glob("*/src/*/lua/**/*.lua"))
INDEX = {"index", "unindex", "forget_index", "job_rows"}


def commands_of(script: Path) -> set[str]:
    found = re.findall(r"call\('([A-Z]+)'(?:, '(USAGE)')?", script.read_text())
    return {f"{name}|{more}".lower() if more else name.lower() for name, more in found}


def keys_of(script: Path) -> set[str]:
    found = re.findall(r"P \.\. '([a-z]+)(:?)", script.read_text())
    return {f"{name}:*" if more else name for name, more in found}


def users_of(script: Path) -> list[RedisUser]:
    if script.stem in INDEX:
        return [QUEUE]
    if script.stem == "rate_limit":
        return [PLATFORM, WEBHOOKS]
    return [PLATFORM] if script.stem == "wake" else [PLATFORM, QUEUE, GPU_WORKER]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_allowed_to_the_users_that_run_it(script: Path) -> None:
    for user in users_of(script):
        assert commands_of(script) <= set(user.commands)
        assert keys_of(script) <= set(user.keys)


def test_webhooks_may_read_steps() -> None:
    read = next(script for script in SCRIPTS if script.stem == "read")
    assert commands_of(read) <= set(WEBHOOKS.commands)
    assert keys_of(read) <= {*WEBHOOKS.keys, *WEBHOOKS.readable}


def test_no_user_may_change_the_server_or_list_its_keys() -> None:
    forbidden = {"acl", "config", "flushall", "flushdb", "keys", "scan", "debug", "shutdown", "script", "client|kill"}
    assert [user.name for user in USERS if forbidden & set(user.commands)] == []


def test_only_their_owner_writes_keys_and_tickets() -> None:
    assert [user.name for user in USERS if "ak" in user.keys] == [PLATFORM.name]
    assert [user.name for user in USERS if "ak" in user.readable] == [WEBHOOKS.name]
    assert {user.name for user in USERS if "tk:*" in user.keys} == {PLATFORM.name, QUEUE.name}

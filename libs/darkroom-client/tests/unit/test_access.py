"""Where clients find the services: arguments, environment, else the stack that runs here."""

from dataclasses import replace
from pathlib import Path

import pytest
from darkroom_client import Client, InvalidRequest, NotReachable
from darkroom_client.access import find_access
from darkroom_local.state import RunningStack, StateDir

STACK = RunningStack(
    state_dir="", supervisor_pid=1, platform_url="http://127.0.0.1:3001", queue_url="http://127.0.0.1:9820",
    dispatcher_url="http://127.0.0.1:3002", worker_urls=["http://127.0.0.1:3003"], pids={}, profile="tiny",
    user_id="u", api_key="of-stack", service_key="s", admin_key="a", queue_token="q", jwt_issuer="i",
    jwt_audience="a", operator_settings={},
)  # fmt: skip


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("URL", "TOKEN", "DISPATCHER_URL", "QUEUE_URL"):
        monkeypatch.delenv(f"DARKROOM_{name}", raising=False)
    monkeypatch.setenv("DARKROOM_STATE_DIR", str(tmp_path))


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_URL", "http://environment:1")
    monkeypatch.setenv("DARKROOM_TOKEN", "of-environment")
    access = find_access("https://argument/", "of-argument", "http://dispatcher")
    assert (access.urls["platform-api"], access.token) == ("https://argument", "of-argument")
    assert access.urls["webhook-dispatcher"] == "http://dispatcher"


def test_a_client_without_arguments_reads_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_URL", "http://environment:1")
    monkeypatch.setenv("DARKROOM_TOKEN", "of-environment")
    monkeypatch.setenv("DARKROOM_DISPATCHER_URL", "http://environment:2")
    with Client() as client:
        assert client.access.token == "of-environment"
        urls = {"platform-api": "http://environment:1", "webhook-dispatcher": "http://environment:2"}
        assert client.access.urls == urls


def test_without_an_environment_the_running_stack_is_used(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    with state.lock():
        state.announce(STACK)
        access = find_access()
    assert (access.token, access.urls["webhook-dispatcher"]) == ("of-stack", "http://127.0.0.1:3002")
    assert access.urls["gpu-worker"] == "http://127.0.0.1:3003"


def test_a_token_of_the_environment_is_used_for_the_running_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_TOKEN", "of-environment")
    state = StateDir(tmp_path)
    with state.lock():
        state.announce(replace(STACK, worker_urls=[]))
        assert find_access().token == "of-environment"


def test_the_key_of_the_running_stack_is_not_sent_elsewhere(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    with state.lock():
        state.announce(STACK)
        assert find_access("http://elsewhere").token == ""


def test_without_anything_the_program_says_how_to_start_a_stack() -> None:
    with pytest.raises(NotReachable, match="darkroom up"):
        find_access()


@pytest.mark.parametrize("url", ["localhost:3001", "ftp://host", "http://", "http://[", "http://\udce9", "http://a b"])
def test_an_address_that_is_none_names_its_variable(url: str) -> None:
    with pytest.raises(InvalidRequest, match="DARKROOM_URL"):
        find_access(url, "token")


@pytest.mark.parametrize("token", ["a\nb", "clé", "\udce9"])
def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(InvalidRequest, match="DARKROOM_TOKEN") as refused:
        find_access("http://host", token)
    assert token not in str(refused.value)

"""Commands find the stack that runs, from any folder."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from darkroom_client.errors import NotReachable
from darkroom_local.console import Console
from darkroom_local.entry_points import client_access, operator_settings, queue_access, service_urls, worker_settings
from darkroom_local.errors import SeveralStacks
from darkroom_local.running_stacks import find_stack, registered, registry_folder, running_stacks
from darkroom_local.state import RunningStack, StateDir

OF_STACK = {"PLATFORM_DATABASE_URL": "postgresql://of-stack", "JWT_SECRET": "of-stack"}
OF_WORKER = {"REDIS_URL": "redis://worker@of-stack", "OBJECT_STORE_URL": "file:///of-stack"}
STACK = RunningStack(
    state_dir="/state", supervisor_pid=1, platform_url="http://127.0.0.1:3001", queue_url="http://127.0.0.1:9820",
    dispatcher_url="http://127.0.0.1:3002", worker_urls=[], pids={}, profile="tiny", user_id="u", api_key="k",
    service_key="s", admin_key="a", queue_token="q", jwt_issuer="i", jwt_audience="a", operator_settings=OF_STACK,
    worker_settings=OF_WORKER,
)  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with notes that no other stack shares."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "notes"))
    for name in ("DARKROOM_STATE_DIR", "DATABASE_URL", "PLATFORM_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return folder


@contextmanager
def stack_on(folder: Path, *, ready: bool = True) -> Iterator[StateDir]:
    state = StateDir(folder)
    with state.lock(), registered(state, Console(colour=False)):
        if ready:
            state.announce(replace(STACK, state_dir=str(folder)))
        yield state


def test_the_only_stack_is_found_from_another_folder_until_it_ends(tmp_path: Path, elsewhere: Path) -> None:
    with stack_on(tmp_path / "state") as state:
        assert find_stack(None).path == state.path
    assert find_stack(None).path == elsewhere / ".darkroom"
    assert running_stacks() == []
    assert list(registry_folder().iterdir()) == []


def test_of_several_stacks_one_must_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with stack_on(first), stack_on(second):
        with pytest.raises(SeveralStacks) as several:
            find_stack(None)
        assert all(str(part) in str(several.value) for part in (first, second, "DARKROOM_STATE_DIR="))
        assert find_stack(first).path == first
        monkeypatch.setenv("DARKROOM_STATE_DIR", str(second))
        assert find_stack(None).path == second


def test_the_stack_of_the_working_directory_is_found_before_others(tmp_path: Path, elsewhere: Path) -> None:
    with stack_on(tmp_path / "first"), stack_on(elsewhere / ".darkroom"):
        assert find_stack(None).path == elsewhere / ".darkroom"


def test_a_chosen_folder_is_retained_although_only_another_one_has_a_stack(tmp_path: Path) -> None:
    with stack_on(tmp_path / "running"):
        assert find_stack(tmp_path / "chosen").path == tmp_path / "chosen"


def test_the_note_of_a_stack_that_was_killed_is_passed_over(tmp_path: Path, elsewhere: Path) -> None:
    with stack_on(tmp_path / "state") as state:
        (state.path / "lock").write_text("1 1.0")  # another process has the id of the killed one
        assert find_stack(None).path == elsewhere / ".darkroom"


def test_notes_of_folders_that_are_gone_are_removed_by_the_next_stack(tmp_path: Path) -> None:
    with stack_on(tmp_path / "state"):
        (registry_folder() / "leftover").write_text(f"{tmp_path / 'gone'}\n")
    with stack_on(tmp_path / "state"):
        assert len(list(registry_folder().iterdir())) == 1


def test_a_home_that_cannot_be_written_to_is_reported_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").touch()
    with stack_on(tmp_path / "state") as state:
        assert state.is_ready()
    assert f"will not find this stack: {tmp_path / 'notes'} is a file" in capsys.readouterr().out


def test_a_client_gets_url_and_key_of_the_stack(tmp_path: Path) -> None:
    with stack_on(tmp_path / "state"):
        assert client_access() == ("http://127.0.0.1:3001", "k")
        assert queue_access() == ("http://127.0.0.1:9820", "q")


def test_a_client_learns_that_the_stack_is_starting_or_that_none_runs(tmp_path: Path) -> None:
    with stack_on(tmp_path / "state", ready=False), pytest.raises(NotReachable, match="is still starting"):
        client_access()
    with pytest.raises(NotReachable, match=r"Start one with `darkroom up`, or set --url and --token\.$"):
        client_access()


def test_a_client_learns_that_a_file_is_damaged(tmp_path: Path) -> None:
    with stack_on(tmp_path / "state") as state:
        (state.path / "stack.json").write_text(json.dumps({"platform_url": "http://127.0.0.1:3001"}))
        with pytest.raises(NotReachable, match=r"stack\.json can't be understood"):
            client_access()


def test_operators_get_the_settings_of_the_stack_but_not_over_another_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stack_on(tmp_path / "state"):
        assert operator_settings() == OF_STACK
        monkeypatch.setenv("DATABASE_URL", OF_STACK["PLATFORM_DATABASE_URL"])
        assert operator_settings() == OF_STACK
        monkeypatch.setenv("PLATFORM_DATABASE_URL", "postgresql://of-another-platform")
        assert operator_settings() == {}


def test_an_added_worker_gets_the_settings_of_a_worker(tmp_path: Path) -> None:
    with pytest.raises(NotReachable, match="REDIS_URL"):
        worker_settings()
    with stack_on(tmp_path / "state"):
        assert worker_settings() == OF_WORKER


def test_operators_need_a_stack_only_where_the_environment_names_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotReachable, match="PLATFORM_DATABASE_URL"):
        operator_settings()
    monkeypatch.setenv("DATABASE_URL", "postgresql://of-another-platform")
    assert operator_settings() == {}


def test_a_client_learns_where_each_service_is(tmp_path: Path) -> None:
    with stack_on(tmp_path / "state"):
        assert list(service_urls())[:3] == ["platform-api", "queue-api", "webhook-dispatcher"]

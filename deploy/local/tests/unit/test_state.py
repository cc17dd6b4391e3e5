"""The state folder: private, owned by one stack, and honest about whether one runs."""

import json
import os
import stat
from dataclasses import asdict
from pathlib import Path

import pytest
from darkroom_local.errors import DamagedFile, NoStack, StateInUse, StillStarting
from darkroom_local.stack_secrets import Identity, SecretsFile
from darkroom_local.state import RunningStack, StateDir

STACK = RunningStack(
    state_dir="/state", supervisor_pid=1, platform_url="http://127.0.0.1:3001", queue_url="http://127.0.0.1:9820",
    dispatcher_url="http://127.0.0.1:3002", worker_urls=[], pids={"platform-api": 2}, profile="tiny",
    user_id="u", api_key="k", service_key="s", admin_key="a", queue_token="q", jwt_issuer="i",
    jwt_audience="a", operator_settings={"JWT_SECRET": "j"},
)  # fmt: skip


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_stack_on_a_state_folder_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    with state.lock(), pytest.raises(StateInUse, match=f"pid {os.getpid()}"), StateDir(state.path).lock():
        pass


def test_a_folder_is_free_again_when_its_stack_has_ended(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    with state.lock():
        state.announce(STACK)
    with pytest.raises(NoStack):
        state.running()


def test_a_stack_that_is_not_ready_yet_is_reported_as_starting(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    with state.lock(), pytest.raises(StillStarting, match=f"pid {os.getpid()}.* is still starting"):
        state.running()


def test_a_description_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    with state.lock():
        (state.path / "stack.json").write_text('{"state_dir": "/state"}')
        with pytest.raises(DamagedFile, match="run `darkroom down`, then `darkroom up`"):
            state.running()


def test_an_announced_stack_is_found_with_everything_that_was_reported(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    with state.lock():
        state.announce(STACK)
        assert state.running() == STACK


def test_a_stack_that_was_killed_does_not_count_as_running(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    (tmp_path / "stack.json").write_text(json.dumps(asdict(STACK)))
    (tmp_path / "lock").write_text(f"{os.getpid()} 1.0")  # this process has that id, but began at another time
    with pytest.raises(NoStack, match="darkroom up"):
        state.running()


def test_only_the_owner_reads_the_state_folder_and_what_is_secret_in_it(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    with state.lock():
        state.announce(STACK)
        SecretsFile(state.path).load()
        assert mode_of(state.path) == 0o700
        assert mode_of(state.path / "stack.json") == 0o600
        assert mode_of(state.path / "secrets.json") == 0o600


def test_secrets_are_made_once(tmp_path: Path) -> None:
    first = SecretsFile(tmp_path).load()
    identity = Identity("user", "api", "service", "admin")
    SecretsFile(tmp_path).save(first.with_identity("embedded", identity))
    again = SecretsFile(tmp_path).load()
    assert again.jwt_secret == first.jwt_secret
    assert again.identities == {"embedded": identity}
    assert len({again.jwt_secret, again.signing_secret, again.auth_token, again.secrets_key}) == 4


def test_the_state_folder_comes_from_the_option_then_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_STATE_DIR", str(tmp_path / "from-environment"))
    assert StateDir.chosen(tmp_path / "from-option").path == tmp_path / "from-option"
    assert StateDir.chosen(None).path == tmp_path / "from-environment"

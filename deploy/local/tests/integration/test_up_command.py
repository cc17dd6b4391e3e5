"""`darkroom up`, `down` and `env` as a person meets them when something is in the way."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from darkroom_local.state import StateDir

IMPOSSIBLE_MODEL = """
profiles:
  full:
    sdxl-base-1.0:
      family: sdxl
      source: {folder: /no/such/folder}
      disk_bytes: 1
      memory_bytes: 1
      peak_bytes: 1
"""


def without_free_space(report: str) -> str:
    """Take out what changes from one moment to the next."""
    return re.sub(r"[\d.]+ GB free", "", report)


def darkroom_local(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "darkroom_local", *arguments]
    return subprocess.run(command, env=os.environ | env, capture_output=True, text=True)


def test_up_on_a_taken_port_ends_with_1_and_one_line_that_names_the_holder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        ended = darkroom_local("up", "--state-dir", str(tmp_path), WEBHOOK_DISPATCHER_PORT=port)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Port {port} for webhook-dispatcher is taken by ")
    assert f"pid {os.getpid()}" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_an_option_moves_a_port_and_wins_over_the_environment(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        ended = darkroom_local("up", "--state-dir", str(tmp_path), "--queue-port", port, QUEUE_API_PORT="39820")
    assert f"Port {port} for queue-api is taken" in ended.stderr


def test_a_second_up_on_a_state_folder_ends_with_1_and_says_who_has_it(tmp_path: Path) -> None:
    with StateDir(tmp_path).lock():
        ended = darkroom_local("up", "--state-dir", str(tmp_path))
    assert ended.returncode == 1
    assert f"A stack is already running in {tmp_path} (pid {os.getpid()})" in ended.stderr


def test_env_without_a_stack_ends_with_1_and_says_how_to_start_one(tmp_path: Path) -> None:
    ended = darkroom_local("env", "--json", "--state-dir", str(tmp_path))
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "darkroom up" in ended.stderr


def test_down_without_a_stack_has_nothing_to_do(tmp_path: Path) -> None:
    ended = darkroom_local("down", DARKROOM_STATE_DIR=str(tmp_path))
    assert ended.returncode == 0
    assert "No stack is running in" in ended.stdout


@pytest.mark.parametrize(
    ("variable", "url", "reason"),
    [
        ("REDIS_URL", "redis://:secret@127.0.0.1:1/0", "Redis does not answer"),
        ("REDIS_URL", "http://:secret@127.0.0.1", "redis://"),
        ("DATABASE_URL", "postgresql://user:secret@127.0.0.1:1/darkroom", "Connection refused"),
        ("WEBHOOKS_DATABASE_URL", "postgresql+psycopg://user:secret@127.0.0.1:1/darkroom", "Connection refused"),
        ("PLATFORM_DATABASE_URL", "mysql://user:secret@127.0.0.1/darkroom", "not a URL such as postgresql://"),
    ],
)
def test_a_server_of_the_user_that_cannot_be_used_is_named_with_its_variable(
    variable: str, url: str, reason: str, tmp_path: Path
) -> None:
    ended = darkroom_local("up", "--free-ports", "--state-dir", str(tmp_path), **{variable: url})
    assert ended.returncode == 1
    last = ended.stdout.splitlines()[-1]
    assert f"everything has stopped: {variable} can't be used: " in last
    assert reason in last
    assert "secret" not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("detach", [[], ["--detach"]])
def test_up_of_a_profile_that_cannot_run_here_says_what_the_check_says_and_starts_nothing(
    detach: list[str], tmp_path: Path
) -> None:
    models = tmp_path / "models.yaml"
    models.write_text(IMPOSSIBLE_MODEL)
    env = {"GPU_WORKER_MODELS_FILE": str(models), "GPU_WORKER_PROFILE": "full", "COLUMNS": "200"}
    check: list[Path | str] = [Path(sys.executable).with_name("darkroom"), "worker", "check"]
    checked = subprocess.run(check, env=os.environ | env, capture_output=True, text=True)
    assert checked.returncode == 1
    assert "Problem: " in checked.stdout
    state = tmp_path / "state"
    ended = darkroom_local("up", "--state-dir", str(state), *detach, **env)
    assert ended.returncode == 1
    assert without_free_space(ended.stdout) == without_free_space(checked.stdout)
    assert ended.stderr == "Darkroom was not started. `darkroom up --unchecked` starts it all the same.\n"
    assert not state.exists()


def test_up_of_a_profile_that_does_not_exist_names_those_that_do(tmp_path: Path) -> None:
    ended = darkroom_local("up", "--state-dir", str(tmp_path), "--profile", "fulll")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "'fulll'" in ended.stderr
    assert "full, mini, tiny" in ended.stderr

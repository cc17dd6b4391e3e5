"""What the operating system refuses ends each command with one sentence, exit code 1 and no traceback."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from darkroom_local.private_files import write_private
from darkroom_local.servers.run_as import NAMESPACE

PROGRAM = (sys.executable, "-m", "darkroom_local")
UP, DETACHED, DOWN, ENV, DEMO = (
    ("up", "--free-ports"),
    ("up", "--free-ports", "--detach"),
    ("down",),
    ("env",),
    ("demo",),
)
COMMANDS = (UP, DETACHED, DOWN, ENV, DEMO)
STARTS = (UP, DETACHED, DEMO)


def works(*command: str) -> bool:
    return subprocess.run([*command, "true"], capture_output=True).returncode == 0


MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")
needs_mounts = pytest.mark.skipif(not works(*MOUNTS), reason="this machine lets nobody mount file systems")
needs_other_user = pytest.mark.skipif(os.geteuid() == 0 and not works(*NAMESPACE), reason="root may do everything")
AS_NOBODY = NAMESPACE if os.geteuid() == 0 else ()


def refusal(command: Sequence[str], state: Path, *, around: Sequence[str] = (), cwd: Path | None = None) -> str:
    """Run the command, which must end with code 1 and one line, and return the line."""
    ended = subprocess.run(
        [*around, *PROGRAM, *command, "--state-dir", str(state)], capture_output=True, text=True, cwd=cwd, timeout=60
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    return ended.stderr


def on_tmpfs(folder: Path, options: str) -> list[str]:
    """Return the beginning of a command that sees an empty file system in the folder's place."""
    script = 'mount -t tmpfs -o "$0" tmpfs "$1" && shift && exec "$@"'
    return [*MOUNTS, "sh", "-c", script, options, str(folder)]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("below", ["", "below"])
def test_a_file_in_place_of_the_folder_is_named(command: Sequence[str], below: str, tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.touch()
    assert f"{file} is a file where a folder is needed" in refusal(command, file / below, cwd=tmp_path)


@needs_mounts
@pytest.mark.parametrize("command", STARTS, ids=" ".join)
def test_a_read_only_folder_is_named(command: Sequence[str], tmp_path: Path) -> None:
    sentence = refusal(command, tmp_path, around=on_tmpfs(tmp_path, "ro"))
    assert sentence.startswith(f"{tmp_path} is on a read-only file system. Mount it writable, or use another folder")


@needs_mounts
@pytest.mark.parametrize("size", ["4k", "10m"])
@pytest.mark.parametrize("command", STARTS, ids=" ".join)
def test_a_full_disk_is_named(command: Sequence[str], size: str, tmp_path: Path) -> None:
    sentence = refusal(command, tmp_path / "state", around=on_tmpfs(tmp_path, f"size={size}"))
    assert "No space" in sentence
    assert "Free some, or use another folder with --state-dir." in sentence


@needs_other_user
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_folder_that_is_closed_to_the_user_is_named(command: Sequence[str], tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert f"{closed / 'state'}" in (sentence := refusal(command, closed / "state", around=AS_NOBODY))
    assert "Change its owner or permissions, or use another folder with --state-dir." in sentence


@pytest.mark.parametrize(
    ("command", "content"),
    [
        (UP, b""),
        (UP, b'{"auth_token": 7}'),
        (UP, b"\xff\xfe"),
        *((command, b'{"auth_token": "kept-secret"') for command in STARTS),
    ],
)
def test_a_broken_secrets_file_is_named_with_what_to_do(command: Sequence[str], content: bytes, tmp_path: Path) -> None:
    for file in (tmp_path / "secrets.json", tmp_path / "demo" / "secrets.json"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    sentence = refusal(command, tmp_path)
    assert "secrets.json can't be understood: " in sentence
    assert "Restore it from a backup." in sentence
    assert "kept-secret" not in sentence


@needs_other_user
def test_a_secrets_file_that_is_closed_to_the_user_is_named(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.touch(mode=0)
    assert refusal(UP, tmp_path, around=AS_NOBODY).startswith(f"{file} is not open to the user ")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_folder_in_place_of_the_lock_is_named(command: Sequence[str], tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "demo"):
        (folder / "lock").mkdir(parents=True)
    assert "lock is a folder where a file is needed. Move it away" in refusal(command, tmp_path)


def test_a_working_directory_that_was_removed_is_reported(tmp_path: Path) -> None:
    command = ("sh", "-c", 'rmdir "$0" && exec "$@"', str(gone := tmp_path / "gone"), *PROGRAM, "up")
    gone.mkdir()
    ended = subprocess.run(command, capture_output=True, text=True, cwd=gone)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "working directory does not exist any more" in ended.stderr


def test_settings_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"LOG_LEVEL=\xff\xfe")
    assert f"{tmp_path / '.env'} is not text in UTF-8." in refusal(UP, tmp_path / "state", cwd=tmp_path)


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    write_private(file, "before")
    (tmp_path / "kept.new").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        write_private(file, "after")
    assert file.read_text() == "before"

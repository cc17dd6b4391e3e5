"""The `darkroom` program on narrow terminals, in pipes that break, and with streams that are lost."""

import os
import pty
import re
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest
from darkroom_local.state import StateDir

pytestmark = pytest.mark.e2e
DARKROOM = Path(sys.executable).with_name("darkroom")
READING = ("jobs", "types", "assets list", "credits", "credits --statement", "keys list", "webhooks list", "status")


@pytest.fixture
def environment(stack_state: StateDir) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "PYTHONUNBUFFERED")}
    return inherited | {"DARKROOM_STATE_DIR": str(stack_state.path)}


def on_terminal(environment: dict[str, str], columns: int, *arguments: str) -> tuple[int, str]:
    """Run the program on a terminal of this width; return its exit code and all that is seen."""
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (40, columns))
    process = subprocess.Popen([DARKROOM, *arguments], stdin=its, stdout=its, stderr=its, env=environment)
    os.close(its)
    seen = b""
    with suppress(OSError):  # the terminal is gone once the program has ended
        while chunk := os.read(ours, 65_536):
            seen += chunk
    os.close(ours)
    return process.wait(), seen.decode()


def in_shell(environment: dict[str, str], line: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a line of shell in which $darkroom is the program."""
    command = ["bash", "-c", f"set -o pipefail; {line}"]
    return subprocess.run(command, env=environment | {"darkroom": str(DARKROOM)}, capture_output=True, check=False)


@pytest.mark.parametrize("command", READING)
def test_nothing_is_cut_on_a_terminal_of_20_columns(environment: dict[str, str], command: str) -> None:
    piped = subprocess.run([DARKROOM, *command.split()], env=environment, capture_output=True, text=True, check=True)
    code, seen = on_terminal(environment, 20, *command.split())
    assert (code, "…" in seen, "Traceback" in seen) == (0, False, False)
    first = piped.stdout.split("\n")[0].split("\t")[0]
    assert not first or command.endswith("--statement") or first in seen


def test_lists_are_tables_on_a_wide_terminal(environment: dict[str, str]) -> None:
    _code, seen = on_terminal(environment, 200, "types")
    heading = re.sub(r"\x1b\[[\d;]*m", "", seen).splitlines()[0].split()
    assert heading[:5] == ["type", "files", "kind", "size", "credits"]


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"], ["jobs", "--limit", "0"]])
def test_help_and_refusals_are_not_cut_where_there_is_no_room(
    environment: dict[str, str], arguments: list[str]
) -> None:
    _code, seen = on_terminal(environment, 20, *arguments)
    assert "…" not in seen
    assert "Usage: darkroom" in seen


def test_help_lists_the_exit_codes(environment: dict[str, str]) -> None:
    for arguments in ([], ["assets", "list"], ["webhooks", "deliveries"]):
        _code, seen = on_terminal(environment, 200, *arguments, "--help")
        assert "5 a file or the output can't be written" in seen


@pytest.mark.parametrize("command", ["types", "--help", "generate --help", "logs -n 10000"])
def test_a_reader_that_goes_away_ends_the_program_quietly(environment: dict[str, str], command: str) -> None:
    ended = in_shell(environment, f"$darkroom {command} | true")
    assert (ended.returncode, ended.stderr) in [(141, b""), (0, b"")]  # 0 if all was written before


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("$darkroom types >/dev/full", 5, b"darkroom: the output can't be written: No space left on device\n"),
        ("$darkroom --help >/dev/full", 5, b"darkroom: the output can't be written: No space left on device\n"),
        ("$darkroom types >&-", 0, b""),
        ("$darkroom jobs 2>&- </dev/null >/dev/null", 0, b""),
        ("$darkroom cancel nothing 2>/dev/full", 2, b""),
        ("$darkroom generate x -t image_fast -o $(mktemp -d) 2>/dev/full", 0, b""),
        ("$darkroom generate $'caf\\xe9'", 2, b"darkroom: the argument 'caf\\xe9' is not text in UTF-8.\n"),
        ("DARKROOM_TOKEN=$'\\xff' $darkroom jobs", 2, b"it contains invalid characters"),
        ("DARKROOM_URL=$'http://\\xff' $darkroom jobs", 2, b"DARKROOM_URL"),
        ("PYTHONIOENCODING=ascii $darkroom --help", 0, b""),
    ],
)
def test_lost_streams_and_text_that_is_none_get_a_sentence(
    environment: dict[str, str], line: str, code: int, sentence: bytes
) -> None:
    ended = in_shell(environment, line)
    assert (ended.returncode, sentence in ended.stderr, b"Traceback" in ended.stderr) == (code, True, False), ended


def test_a_job_whose_output_is_lost_goes_on_and_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    ended = in_shell(environment, f"$darkroom generate x -t image_fast -o {tmp_path} >/dev/full")
    assert ended.returncode == 5
    assert b"The job continues: `darkroom watch " in ended.stderr
    job_id = ended.stderr.split(b"darkroom watch ")[1].split(b"`")[0].decode()
    watched = in_shell(environment, f"$darkroom watch {job_id} -o {tmp_path}")
    assert (watched.returncode, len(list(tmp_path.iterdir()))) == (0, 1), watched

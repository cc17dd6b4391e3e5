"""The console survives what it prints to."""

import asyncio
import errno
import io
import os
import sys
from pathlib import Path

import pytest
from darkroom_local.console import Console


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_output_is_read_on_although_nothing_can_be_printed_and_the_gap_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    console, output = Console(colour=False), asyncio.StreamReader()
    output.feed_data(b"one\ntwo\n")
    output.feed_eof()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", FullDisk())
        assert await console.relay("service", output) == "two"
    console.say("space again")
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("space again")
    assert second.endswith("2 lines before this one could not be written")


def test_what_is_printed_is_retained_in_a_private_file_without_colours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console, log = Console(colour=True), tmp_path / "stack.log"
    log.write_text("of the stack before\n")
    with console.copied_to(log):
        console.say("starting")
    console.say("after the end")
    assert log.read_text().count("\n") == 1
    assert log.read_text().startswith("darkroom           | ")
    assert log.stat().st_mode & 0o777 == 0o600
    assert "\033[" in capsys.readouterr().out


def test_output_that_goes_to_the_file_already_is_not_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "stack.log"
    with log.open("w") as output, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        console = Console()
        with console.copied_to(log):
            console.say("starting")
    assert log.read_text().count("starting") == 1

"""The console survives what it prints to."""

import asyncio
import errno
import io
import os
import sys

import pytest
from darkroom_local.console import Console


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_output_is_read_on_although_nothing_can_be_printed_and_the_gap_is_said(
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

"""Prints the lines of the supervisor and its processes, each with the name of its process in front."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TextIO

from darkroom_local.private_files import empty_private

CHUNK_BYTES = 65_536
NAME_WIDTH = 18
SUPERVISOR = "darkroom"
_COLOURS = (36, 35, 33, 32, 34, 96, 95)


class Console:
    """Prints complete lines; names are coloured on a terminal."""

    def __init__(self, *, colour: bool | None = None) -> None:
        self._colour = sys.stdout.isatty() if colour is None else colour
        self._colours = cycle(_COLOURS)
        self._labels: dict[str, str] = {}
        self._started = time.monotonic()
        self._lost = 0
        self._copy: TextIO | None = None

    @contextmanager
    def copied_to(self, file: Path) -> Iterator[None]:
        """Also write each line to a file, without colours; the file is emptied first.

        Does nothing if standard output is that file already, as for a stack in the background.
        """
        if _writes_to(file):
            yield
            return
        empty_private(file)
        with file.open("a", errors="backslashreplace") as self._copy:
            try:
                yield
            finally:
                self._copy = None

    def say(self, sentence: str) -> None:
        """Print a line of the supervisor, with the seconds since its start."""
        self._print(SUPERVISOR, f"{time.monotonic() - self._started:6.2f}s  {sentence}")

    async def relay(self, name: str, output: asyncio.StreamReader) -> str:
        """Print the output of a process until it closes; lines over 64 KiB are split. Returns the last line."""
        rest, last = b"", ""
        while chunk := await output.read(CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > CHUNK_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._print(name, text := line.decode(errors="replace"))
                last = text.strip() or last
        if rest:
            self._print(name, last := rest.decode(errors="replace"))
        return last.strip()

    def _print(self, name: str, line: str) -> None:
        if name not in self._labels:
            label = f"{name:<{NAME_WIDTH}} |"
            self._labels[name] = f"\033[{next(self._colours)}m{label}\033[0m" if self._colour else label
        try:
            print(self._labels[name], line.rstrip(), flush=True)
            if self._copy:
                print(f"{name:<{NAME_WIDTH}} |", line.rstrip(), file=self._copy, flush=True)
        except OSError:
            # The disk is full or the terminal closed. Continue, since processes block if their pipes are not read.
            self._lost += 1
            return
        if self._lost:
            lost, self._lost = self._lost, 0
            self.say(f"{lost} lines before this one could not be written")


def _writes_to(file: Path) -> bool:
    """Return whether standard output is this file."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), file.stat())
    except (OSError, ValueError, AttributeError):  # the file or standard output does not exist
        return False

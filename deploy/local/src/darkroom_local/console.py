"""What the supervisor prints: its own lines and those of its processes, each with the name in front."""

import asyncio
import sys
import time
from itertools import cycle

CHUNK_BYTES = 65_536
NAME_WIDTH = 18
SUPERVISOR = "darkroom"
_COLOURS = (36, 35, 33, 32, 34, 96, 95)


class Console:
    """Prints whole lines only; coloured names on a terminal."""

    def __init__(self, *, colour: bool | None = None) -> None:
        self._colour = sys.stdout.isatty() if colour is None else colour
        self._colours = cycle(_COLOURS)
        self._labels: dict[str, str] = {}
        self._started = time.monotonic()

    def say(self, sentence: str) -> None:
        """Print a line of the supervisor's own, with the seconds since it started."""
        self._print(SUPERVISOR, f"{time.monotonic() - self._started:6.2f}s  {sentence}")

    async def relay(self, name: str, output: asyncio.StreamReader) -> None:
        """Print what a process writes until it closes its output; an endless line is cut into chunks."""
        rest = b""
        while chunk := await output.read(CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > CHUNK_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._print(name, line.decode(errors="replace"))
        if rest:
            self._print(name, rest.decode(errors="replace"))

    def _print(self, name: str, line: str) -> None:
        if name not in self._labels:
            label = f"{name:<{NAME_WIDTH}} |"
            self._labels[name] = f"\033[{next(self._colours)}m{label}\033[0m" if self._colour else label
        print(self._labels[name], line.rstrip(), flush=True)

"""Reads the log of a stack: its last lines, and new lines as they are written."""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator

from darkroom_local.console import SUPERVISOR
from darkroom_local.errors import NoStack
from darkroom_local.state import StateDir

SEPARATOR = " |"
INTERVAL_S = 0.2


def read_log(
    state: StateDir,
    names: Collection[str],
    *,
    last: int,
    follow: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Yield the `last` lines of the named processes or of all; with `follow`, also new lines until the stack stops."""
    if not state.log_file.exists():
        raise NoStack(state.path)
    with state.log_file.open(errors="replace", newline="\n") as log:
        yield from deque((line.rstrip("\n") for line in log if _is_of(line, names)), maxlen=last)
        part = ""
        while follow:
            runs = state.supervisor() is not None  # checked before reading, so that no last line is missed
            while text := log.readline():
                part += text
                if part.endswith("\n"):
                    line, part = part.rstrip("\n"), ""
                    if _is_of(line, names):
                        yield line
            if not runs:
                return
            sleep(INTERVAL_S)


def name_of(line: str) -> tuple[str, str]:
    """Split a line into the name of its process and the text."""
    name, separator, text = line.partition(SEPARATOR)
    return (name.strip(), text.strip()) if separator else (SUPERVISOR, line)


def _is_of(line: str, names: Collection[str]) -> bool:
    return not names or name_of(line)[0] in names

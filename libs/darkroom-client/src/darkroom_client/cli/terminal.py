"""Text from elsewhere on a terminal, and streams that may be lost."""

import os
import shutil
import sys
from contextlib import suppress
from typing import TextIO

ROOMY_COLUMNS = 60


def printable(text: str) -> str:
    """Replace what could move the cursor or change colours: a model may write any character."""
    return "".join(character if character.isprintable() else " " for character in text)


def tell(sentence: str) -> None:
    """Write to standard error, if there is one and it takes anything."""
    with suppress(OSError, ValueError):
        print(sentence, file=sys.stderr, flush=True)


def has_room() -> bool:
    """Tell whether the output is a terminal with room for boxes and columns."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and shutil.get_terminal_size().columns >= ROOMY_COLUMNS


def accept_any_text() -> None:
    """Write characters that the terminal's encoding lacks as escapes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # absent where the stream is closed or replaced
        if reconfigure:
            reconfigure(errors="backslashreplace")


def flush_output() -> None:
    """Write what is still held back; OSError if standard output does not take it. Lost error messages are no error."""
    _flush_or_discard(sys.stderr)
    if sys.stdout is not None:
        sys.stdout.flush()


def discard_output() -> None:
    """Let what is still held back go nowhere, since Python would try to write it once more and complain."""
    for stream in (sys.stdout, sys.stderr):
        _discard(stream)


def _flush_or_discard(stream: TextIO | None) -> None:
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        _discard(stream)


def _discard(stream: TextIO | None) -> None:
    if stream is None:
        return
    with suppress(OSError, ValueError):  # the stream is closed, or none of the operating system's
        descriptor = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)

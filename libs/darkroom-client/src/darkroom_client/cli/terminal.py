"""Terminal output: untrusted text, and streams that may be closed."""

import os
import shutil
import sys
from contextlib import suppress
from typing import TextIO

ROOMY_COLUMNS = 60


def printable(text: str) -> str:
    """Replace control characters by spaces: text of a model may contain any character."""
    return "".join(character if character.isprintable() else " " for character in text)


def print_error(sentence: str) -> None:
    """Print a line to standard error. Errors of writing are ignored."""
    with suppress(OSError, ValueError):
        print(sentence, file=sys.stderr, flush=True)


def has_room() -> bool:
    """Whether the output is a terminal that is wide enough for boxes and columns."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and shutil.get_terminal_size().columns >= ROOMY_COLUMNS


def accept_any_text() -> None:
    """Escape characters that the terminal's encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # absent if the stream is closed or replaced
        if reconfigure:
            reconfigure(errors="backslashreplace")


def flush_output() -> None:
    """Flush the output streams. Raises OSError for standard output; errors of standard error are ignored."""
    _flush_or_discard(sys.stderr)
    if sys.stdout is not None:
        sys.stdout.flush()


def discard_output() -> None:
    """Discard buffered output. Otherwise Python would try to write it at exit and print an error."""
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
    with suppress(OSError, ValueError):  # the stream is closed, or has no file descriptor
        descriptor = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)

"""Writes files that only their owner can read, and atomically: a crash or a full disk leaves no partial file."""

import os
from pathlib import Path

UMASK = 0o077
"""Of the supervisor and its processes, so that their files in the state folder are private, too."""


def write_private(file: Path, text: str) -> None:
    """Replace the content of a file atomically."""
    new = file.with_name(f"{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    new.replace(file)


def empty_private(file: Path) -> None:
    """Create or empty a file, and make it private."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    file.chmod(0o600)

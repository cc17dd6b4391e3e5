"""Files in the state folder: only their owner reads them, and a crash or a full disk never leaves half of one."""

import os
from pathlib import Path

UMASK = 0o077
"""For the supervisor and all processes under it, so that what they write into the state folder is as private."""


def write_private(file: Path, text: str) -> None:
    """Replace a file at once."""
    new = file.with_name(f"{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    new.replace(file)


def empty_private(file: Path) -> None:
    """Make a file empty, and private also if it was there before."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    file.chmod(0o600)

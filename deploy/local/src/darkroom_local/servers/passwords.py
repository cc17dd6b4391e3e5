"""Generated passwords, each in a file that only its owner can read."""

import secrets
from pathlib import Path

from darkroom_local.private_files import write_private


def password_in(file: Path) -> str:
    """Return the password in the file; generates it on first use."""
    if not file.exists() or not file.stat().st_size:
        write_private(file, secrets.token_urlsafe(24) + "\n")
    return file.read_text().strip()

"""Generated passwords, each in a file that only its owner reads."""

import os
import secrets
from pathlib import Path


def password_in(file: Path) -> str:
    """Return the password kept in the file, made on first use."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(descriptor, "w") as handle:
        password = secrets.token_urlsafe(24)
        handle.write(password + "\n")
    return password

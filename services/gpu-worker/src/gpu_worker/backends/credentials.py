"""Credentials for back ends. Their secrets come from the environment or from files, and stay in this process."""

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

_MAX_SECRET_BYTES = 64 * 1024


class CredentialError(Exception):
    """A credential's secret cannot be read; the message names the variable or the file."""


class CredentialEntry(BaseModel):
    """Where the secret of a credential is: in a variable or in a file. With a `username`, it is a password."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    file: Path | None = None
    username: str | None = Field(default=None, pattern=r"^[^:\x00-\x1f\x7f]+$", max_length=200)
    """For HTTP Basic authentication; without it the secret is a bearer token."""
    hosts: tuple[str, ...] = Field(default=(), max_length=100)
    """Hosts to which `http` jobs may send it, such as `api.example.com`; a leading `*.` allows all below a domain."""

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("needs either env or file, which hold the secret")
        return self


class Credential(BaseModel):
    """A credential with its secret, which is not shown when it is printed."""

    model_config = ConfigDict(frozen=True)

    secret: SecretStr
    username: str | None = None
    hosts: tuple[str, ...] = ()


def read_credential(name: str, entry: CredentialEntry) -> Credential:
    """Read the secret of a credential; raises CredentialError."""
    secret = _read_variable(name, entry.env) if entry.env is not None else _read_file(name, entry.file or Path())
    if not secret or not secret.isprintable() or not secret.isascii():
        raise CredentialError(f"credentials.{name}: the secret must be one line of printable ASCII characters")
    return Credential(secret=SecretStr(secret), username=entry.username, hosts=entry.hosts)


def _read_variable(name: str, variable: str) -> str:
    value = os.environ.get(variable)
    if value is None:
        raise CredentialError(f"credentials.{name}.env: the variable {variable} is not set")
    return value.strip()


def _read_file(name: str, path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_SECRET_BYTES:
            raise CredentialError(f"credentials.{name}.file: {path} is too large for a secret")
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise CredentialError(f"credentials.{name}.file: cannot read {path}: {reason}") from error

"""Reads the list of back ends: a YAML file, and the short form `type=url` of the settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gpu_worker.backends.credentials import Credential, CredentialEntry, CredentialError, read_credential
from gpu_worker.backends.entry import BackendEntry, BackendType, CredentialName

MAX_BACKENDS = 200


class BackendListError(Exception):
    """The list of back ends is not valid; the message names the file and the field."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    backends: Annotated[tuple[BackendEntry, ...], Field(max_length=MAX_BACKENDS)] = ()
    credentials: Annotated[dict[CredentialName, CredentialEntry], Field(max_length=MAX_BACKENDS)] = {}


@dataclass(frozen=True, slots=True)
class BackendList:
    """The back ends of a worker, and the credentials by name."""

    backends: tuple[BackendEntry, ...] = ()
    credentials: Mapping[str, Credential] = field(default_factory=dict)


def read_backends(path: Path | None, short: Sequence[str]) -> BackendList:
    """Return the back ends of a file and of the short form, such as `comfyui=http://127.0.0.1:8188`.

    Raises BackendListError for an invalid list, equal ids, an unknown credential or a secret that cannot be read.
    """
    listed = _File() if path is None else _validated(_read(path), str(path))
    entries = (*listed.backends, *map(_from_short, short))
    _require_unique(entries)
    for entry in entries:
        if entry.credential is not None and entry.credential not in listed.credentials:
            known = ", ".join(listed.credentials) or "none"
            raise BackendListError(f"{entry.id}.credential: no {entry.credential!r}; there are: {known}")
    try:
        credentials = {name: read_credential(name, entry) for name, entry in listed.credentials.items()}
    except CredentialError as error:
        raise BackendListError(str(error)) from None
    return BackendList(entries, credentials)


def _from_short(text: str) -> BackendEntry:
    kind, separator, url = text.partition("=")
    if not separator and kind not in set(BackendType):
        raise BackendListError(f"a back end is given as type=url, such as comfyui=http://127.0.0.1:8188, not {text!r}")
    try:
        return BackendEntry.model_validate({"type": kind.strip(), "url": url.strip() or None})
    except ValidationError as error:
        raise BackendListError(f"{text!r}: {_problems(error)}") from None


def _require_unique(entries: Sequence[BackendEntry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        for name in entry.names:
            if name in seen:
                raise BackendListError(f"two back ends are named {name!r}; give one of them another id or alias")
        seen.update(entry.names)


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text()) or {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise BackendListError(f"GPU_WORKER_BACKENDS_FILE: cannot read {path}: {reason}") from error
    except yaml.YAMLError as error:
        raise BackendListError(f"{path}: not YAML: {error}") from error


def _validated(content: Any, origin: str) -> _File:
    try:
        return _File.model_validate(content)
    except ValidationError as error:
        raise BackendListError(f"{origin}: {_problems(error)}") from None


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}".lstrip(": ")
        for problem in error.errors(include_input=False, include_url=False)[:5]
    )

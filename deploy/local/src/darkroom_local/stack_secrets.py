"""The secrets of one stack: generated once and stored in secrets.json, which only its owner can read."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from darkroom_local.errors import DamagedFile
from darkroom_local.private_files import write_private


def _token() -> str:
    return secrets.token_urlsafe(32)


def _encryption_key() -> str:
    """Return 256 random bits in padded URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@dataclass(frozen=True)
class Identity:
    """The demo user and the keys that `platform_api bootstrap` created."""

    user_id: str
    api_key: str
    service_key: str
    admin_key: str


@dataclass(frozen=True)
class StackSecrets:
    """Secrets of services and database roles, and the identity in each database that the stack has used."""

    auth_token: str = field(default_factory=_token)
    jwt_secret: str = field(default_factory=_token)
    signing_secret: str = field(default_factory=_token)
    secrets_key: str = field(default_factory=_encryption_key)
    platform_database_password: str = field(default_factory=_token)
    webhooks_database_password: str = field(default_factory=_token)
    identities: dict[str, Identity] = field(default_factory=dict)

    def with_identity(self, database: str, identity: Identity) -> "StackSecrets":
        return replace(self, identities=self.identities | {database: identity})


_READER = TypeAdapter(StackSecrets)
_REMEDY = (
    "Restore it from a backup. Without one, remove it: the stack generates new secrets, and demo keys, tokens, signed "
    "links and webhook secrets made with the old ones stop working."
)


class SecretsFile:
    """Reads and writes secrets.json."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "secrets.json"

    def load(self) -> StackSecrets:
        """Return the stored secrets, generated on first use; raises DamagedFile if the file can't be parsed."""
        if not self._file.exists():
            self.save(StackSecrets())
        try:
            return _READER.validate_json(self._file.read_bytes())
        except ValidationError as error:
            raise DamagedFile(self._file, error, _REMEDY) from None

    def save(self, stack_secrets: StackSecrets) -> None:
        """Replace the file."""
        write_private(self._file, json.dumps(asdict(stack_secrets), indent=2) + "\n")

"""The secrets of one stack: made once, kept in secrets.json of the state folder, readable by its user only."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path


def _token() -> str:
    return secrets.token_urlsafe(32)


def _encryption_key() -> str:
    """256 bits in the padded URL-safe base64 that encryption libraries read."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@dataclass(frozen=True)
class Identity:
    """The demo user and the keys to the platform, as `platform_api bootstrap` made them."""

    user_id: str
    api_key: str
    service_key: str
    admin_key: str


@dataclass(frozen=True)
class StackSecrets:
    """Secrets of services, of database roles, and of the identity in each database that the stack has used."""

    auth_token: str = field(default_factory=_token)
    jwt_secret: str = field(default_factory=_token)
    signing_secret: str = field(default_factory=_token)
    secrets_key: str = field(default_factory=_encryption_key)
    platform_database_password: str = field(default_factory=_token)
    webhooks_database_password: str = field(default_factory=_token)
    identities: dict[str, Identity] = field(default_factory=dict)

    def with_identity(self, database: str, identity: Identity) -> "StackSecrets":
        return replace(self, identities=self.identities | {database: identity})


class SecretsFile:
    """Reads and writes secrets.json."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "secrets.json"

    def load(self) -> StackSecrets:
        """Return the kept secrets, made on first use."""
        if not self._file.exists():
            self.save(StackSecrets())
        kept = json.loads(self._file.read_text())
        identities = {database: Identity(**identity) for database, identity in kept.pop("identities").items()}
        return StackSecrets(**kept, identities=identities)

    def save(self, kept: StackSecrets) -> None:
        """Replace the file at once, so that a crash never leaves half of it."""
        new = self._file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(json.dumps(asdict(kept), indent=2) + "\n")
        new.rename(self._file)

"""The ed25519 keys of `v1a` signatures, shared by all replicas. The first replica creates the first key."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from darkroom_chassis.database import Database
from darkroom_chassis.logs import get_logger
from darkroom_schemas.ids import new_uuid7
from sqlalchemy import func, insert, select

from webhook_dispatcher.domain.ports import SecretBox
from webhook_dispatcher.store.tables import signing_keys

log = get_logger(__name__)
_LOCK = func.pg_advisory_xact_lock(func.hashtextextended("webhooks.signing_keys", 0))


class PostgresSigningKeys:
    """Implements `Signer` and `PublicKeys`. `load` comes first."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database, self._box = database, box
        self._private: Ed25519PrivateKey | None = None

    def sign(self, message: bytes) -> bytes:
        if self._private is None:
            raise RuntimeError("the signing key is not loaded")
        return self._private.sign(message)

    async def load(self) -> None:
        """Read the newest key that can be decrypted, or create one."""
        async with self._database.begin() as connection:
            await connection.execute(select(_LOCK))
            newest = select(signing_keys.c.sealed_private).order_by(signing_keys.c.created_at.desc())
            for sealed in (await connection.execute(newest)).scalars():
                if (encoded := self._box.open(sealed)) is not None:
                    self._private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded))
                    return
            private = Ed25519PrivateKey.generate()
            raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
            public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            sealed = self._box.seal(base64.b64encode(raw).decode())
            row = {"id": new_uuid7(), "sealed_private": sealed, "public": public}
            await connection.execute(insert(signing_keys).values(row))
            self._private = private
            log.info("A new key signs webhooks", key_id=row["id"])

    async def public_keys(self) -> list[tuple[str, bytes]]:
        statement = select(signing_keys.c.id, signing_keys.c.public).order_by(signing_keys.c.created_at.desc())
        async with self._database.connect() as connection:
            return [(row.id, row.public) for row in await connection.execute(statement)]

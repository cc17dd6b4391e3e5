"""The ed25519 keys of `v1a` signatures, shared by all replicas. The first replica creates the first key.

A new key is published first and signs ten minutes later, when receivers have read it: they may keep the key set for
five minutes. Keys that were replaced a week ago are no longer published.
"""

import asyncio
import base64
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from darkroom_chassis.database import Database
from darkroom_chassis.logs import get_logger
from darkroom_schemas.ids import new_uuid7
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.ports import SecretBox
from webhook_dispatcher.store.tables import signing_keys

log = get_logger(__name__)
SIGNS_AFTER = timedelta(minutes=10)
PUBLISHED_FOR = timedelta(days=7)
RELOAD_S = 60.0
_LOCK = func.pg_advisory_xact_lock(func.hashtextextended("webhooks.signing_keys", 0))
_CREATED = signing_keys.c.created_at


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
        """Read the newest key that may sign and can be decrypted, else the oldest; create the first one."""
        signs = func.now() - SIGNS_AFTER >= _CREATED
        in_order = select(signing_keys.c.sealed_private).order_by(
            signs.desc(), func.abs(func.extract("epoch", func.now() - SIGNS_AFTER - _CREATED))
        )
        async with self._database.begin() as connection:
            await connection.execute(select(_LOCK))
            for sealed in (await connection.execute(in_order)).scalars():
                if (encoded := self._box.open(sealed)) is not None:
                    self._private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded))
                    return
            self._private = await self._add(connection)

    async def reload_regularly(self) -> None:
        """Load the present key each minute until cancelled, so that all replicas take part in a rotation."""
        while True:
            await asyncio.sleep(RELOAD_S)
            await self.load()

    async def rotate(self) -> str:
        """Add a key and return its id. Delete the keys that were replaced a week ago."""
        async with self._database.begin() as connection:
            await connection.execute(select(_LOCK))
            newest_old = select(func.max(_CREATED)).where(func.now() - PUBLISHED_FOR - SIGNS_AFTER >= _CREATED)
            await connection.execute(delete(signing_keys).where(newest_old.scalar_subquery() > _CREATED))
            await self._add(connection)
            newest = select(signing_keys.c.id).order_by(_CREATED.desc(), signing_keys.c.id.desc()).limit(1)
            return str((await connection.execute(newest)).scalar_one())

    async def public_keys(self) -> list[tuple[str, bytes]]:
        statement = select(signing_keys.c.id, signing_keys.c.public).order_by(_CREATED.desc(), signing_keys.c.id.desc())
        async with self._database.connect() as connection:
            return [(row.id, row.public) for row in await connection.execute(statement)]

    async def _add(self, connection: AsyncConnection) -> Ed25519PrivateKey:
        private = Ed25519PrivateKey.generate()
        raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        row = {
            "id": new_uuid7(),
            "sealed_private": self._box.seal(base64.b64encode(raw).decode()),
            "public": private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        }
        await connection.execute(insert(signing_keys).values(row))
        log.info("A new key of signatures is published", key_id=row["id"])
        return private

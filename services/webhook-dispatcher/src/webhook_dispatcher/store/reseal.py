"""Encrypts stored secrets again, after a change of the key."""

from darkroom_chassis.database import Database
from sqlalchemy import select, update

from webhook_dispatcher.domain.ports import SecretBox
from webhook_dispatcher.store.tables import endpoints, signing_keys

COLUMNS = (
    endpoints.c.sealed_secret, endpoints.c.previous_secret, endpoints.c.sealed_headers, signing_keys.c.sealed_private,
)  # fmt: skip


async def reseal(database: Database, box: SecretBox) -> int:
    """Encrypt every secret that can be decrypted under the present key, and return their number."""
    done = 0
    async with database.connect() as connection:
        for column in COLUMNS:
            key = column.table.c.id
            for row in (await connection.execute(select(key, column.label("sealed")).where(column.is_not(None)))).all():
                if (secret := box.open(row.sealed)) is None:
                    continue
                # A row that was changed meanwhile is encrypted under the present key.
                same = (key == row.id, column == row.sealed)
                await connection.execute(update(column.table).where(*same).values({column: box.seal(secret)}))
                done += 1
    return done

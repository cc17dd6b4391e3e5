"""Encrypts stored secrets again, after a change of the key."""

from darkroom_chassis.database import Database
from sqlalchemy import select, update

from webhook_dispatcher.domain.ports import SecretBox
from webhook_dispatcher.store.tables import endpoints


async def reseal(database: Database, box: SecretBox) -> int:
    """Encrypt every secret that can be decrypted under the present key, and return their number."""
    done = 0
    async with database.connect() as connection:
        rows = (await connection.execute(select(endpoints.c.id, endpoints.c.sealed_secret))).all()
        for row in rows:
            if (secret := box.open(row.sealed_secret)) is None:
                continue
            # An endpoint that was changed meanwhile has a secret under the present key.
            same = (endpoints.c.id == row.id, endpoints.c.sealed_secret == row.sealed_secret)
            await connection.execute(update(endpoints).where(*same).values(sealed_secret=box.seal(secret)))
            done += 1
    return done

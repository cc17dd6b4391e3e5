"""The rotation of the key of ed25519 signatures: published first, signing later, and deleted at last."""

from collections.abc import AsyncIterator

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from darkroom_chassis.database import Database
from sqlalchemy import text
from support.servers import MakeDatabase
from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.store.secret_box import FernetBox
from webhook_dispatcher.store.signing_keys import PostgresSigningKeys


@pytest.fixture
async def database(make_database: MakeDatabase) -> AsyncIterator[Database]:
    database = Database(make_database(MIGRATIONS.upgrade), application="test", pool_size=1)
    yield database
    await database.close()


async def minutes_pass(database: Database, minutes: int) -> None:
    statement = "UPDATE webhooks.signing_keys SET created_at = created_at - make_interval(mins => :minutes)"
    async with database.connect() as connection:
        await connection.execute(text(statement), {"minutes": minutes})


async def signer_of(keys: PostgresSigningKeys) -> int:
    """Return the position of the key that signs among the published ones, the newest being 0."""
    await keys.load()
    signature = keys.sign(b"message")
    found = []
    for position, (_, public) in enumerate(await keys.public_keys()):
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, b"message")
        except InvalidSignature:
            continue
        found.append(position)
    [position] = found
    return position


async def test_a_new_key_is_published_before_it_signs(database: Database) -> None:
    keys, replica = (PostgresSigningKeys(database, FernetBox("k" * 32, ())) for _ in range(2))
    assert await signer_of(keys) == 0  # the first key signs at once
    await keys.rotate()
    assert [await signer_of(one) for one in (keys, replica)] == [1, 1]
    await minutes_pass(database, 11)
    assert [await signer_of(one) for one in (keys, replica)] == [0, 0]


async def test_keys_that_were_replaced_a_week_ago_are_deleted(database: Database) -> None:
    keys = PostgresSigningKeys(database, FernetBox("k" * 32, ()))
    await keys.load()
    await minutes_pass(database, 60)
    await keys.rotate()
    assert len(await keys.public_keys()) == 2
    await minutes_pass(database, 6 * 24 * 60)
    await keys.rotate()
    assert len(await keys.public_keys()) == 3
    await minutes_pass(database, 2 * 24 * 60)
    newest = await keys.rotate()
    published = await keys.public_keys()
    assert (len(published), published[0][0]) == (3, newest)  # the first one is gone

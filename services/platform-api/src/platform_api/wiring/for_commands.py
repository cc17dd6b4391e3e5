"""Dependencies of the operator commands, without the rest of the service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from darkroom_chassis.database import Database

from platform_api.clients.objects import StoredObjects
from platform_api.clients.password_hasher import Argon2Hasher
from platform_api.domain.accounts.api_keys import ApiKeys, NewApiKeys
from platform_api.domain.accounts.credits import CreditChanges
from platform_api.domain.accounts.personal_data import UserDeletion, UserRecords
from platform_api.domain.accounts.sessions import PasswordHasher, Passwords
from platform_api.domain.assets.ports import Objects
from platform_api.settings import Settings
from platform_api.store.accounts.accounts import PostgresAccounts
from platform_api.store.accounts.api_keys import PostgresApiKeys, PostgresNewApiKeys
from platform_api.store.accounts.credits import PostgresCreditChanges
from platform_api.store.accounts.deletion import PostgresUserDeletion
from platform_api.store.accounts.export import PostgresUserRecords
from platform_api.store.accounts.sessions import PostgresPasswords


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What exports and deletes users."""

    records: UserRecords
    deletion: UserDeletion
    objects: Objects


@asynccontextmanager
async def open_personal_data(settings: Settings) -> AsyncIterator[PersonalData]:
    """Open the database and the object store."""
    async with _open_database(settings) as database:
        objects = StoredObjects(settings.object_store_url)
        yield PersonalData(PostgresUserRecords(database), PostgresUserDeletion(database), objects)


@asynccontextmanager
async def open_accounts(settings: Settings) -> AsyncIterator[PostgresAccounts]:
    """Open the accounts only."""
    async with _open_database(settings) as database:
        yield PostgresAccounts(database)


@asynccontextmanager
async def open_passwords(settings: Settings) -> AsyncIterator[tuple[Passwords, PasswordHasher]]:
    """Open the passwords only."""
    async with _open_database(settings) as database:
        yield PostgresPasswords(database), Argon2Hasher()


@asynccontextmanager
async def open_credits(settings: Settings) -> AsyncIterator[CreditChanges]:
    """Open a transaction on balances only."""
    async with _open_database(settings) as database, database.begin() as connection:
        yield PostgresCreditChanges(connection)


@asynccontextmanager
async def open_api_keys(settings: Settings) -> AsyncIterator[ApiKeys]:
    """Open the API keys only."""
    async with _open_database(settings) as database:
        yield PostgresApiKeys(database)


@asynccontextmanager
async def open_new_api_keys(settings: Settings) -> AsyncIterator[NewApiKeys]:
    """Open a transaction on new API keys only."""
    async with _open_database(settings) as database, database.begin() as connection:
        yield PostgresNewApiKeys(connection)


@asynccontextmanager
async def _open_database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_url.get_secret_value(), application="platform-api", pool_size=1)
    try:
        yield database
    finally:
        await database.close()

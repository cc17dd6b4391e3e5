"""Users and their balances; API keys as the authentication and the platform's own commands use them."""

from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.ids import UserId, new_uuid7
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from platform_api.domain.accounts.accounts import User
from platform_api.domain.accounts.api_keys import StoredKey
from platform_api.store.accounts.api_keys import key_of, new_key_row
from platform_api.store.accounts.published_keys import publication_of
from platform_api.store.tables.accounts import api_keys, users
from platform_api.store.tables.credits import credit_ledger
from platform_api.store.tables.log import outbox


class PostgresAccounts:
    """Implements `Accounts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def user(self, user_id: UserId) -> User | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(select(users).where(users.c.id == user_id))).first()
        return _user(row) if row else None

    async def named(self, name: str) -> User | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(select(users).where(users.c.name == name))).first()
        return _user(row) if row else None

    async def open(self, name: str, credits_mc: int) -> tuple[UserId, bool]:
        async with self._database.begin() as connection:
            user_id = UserId(new_uuid7())
            new = upsert(users).values(id=user_id, name=name, balance_mc=credits_mc).on_conflict_do_nothing()
            if (await connection.execute(new.returning(users.c.id))).first() is None:
                found = await connection.execute(select(users.c.id).where(users.c.name == name))
                return UserId(found.scalar_one()), False
            if credits_mc:
                grant = {"user_id": user_id, "kind": "grant", "amount_mc": credits_mc, "note": "opening balance"}
                await connection.execute(insert(credit_ledger), grant)
        return user_id, True

    async def set_operator(self, user_id: UserId, *, is_operator: bool) -> None:
        async with self._database.connect() as connection:
            await connection.execute(update(users).where(users.c.id == user_id).values(is_operator=is_operator))

    async def provision(self, user_id: UserId) -> None:
        async with self._database.connect() as connection:
            await connection.execute(upsert(users).values(id=user_id, name=user_id).on_conflict_do_nothing())

    async def key(self, key_id: str) -> StoredKey | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(select(api_keys).where(api_keys.c.id == key_id))).mappings().first()
        return key_of(row) if row else None

    async def add_key(self, key: StoredKey) -> None:
        async with self._database.begin() as connection:
            await connection.execute(insert(api_keys), new_key_row(key))
            await connection.execute(insert(outbox), publication_of([key.id]))

    async def revoke_keys(self, name: str) -> None:
        async with self._database.begin() as connection:
            valid = update(api_keys).where(api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
            revoked = await connection.execute(valid.values(revoked_at=func.now()).returning(api_keys.c.id))
            if ids := list(revoked.scalars()):
                await connection.execute(insert(outbox), publication_of(ids))


def _user(row: Row[Any]) -> User:  # Any: SQLAlchemy does not know the types of a row's columns
    return User(UserId(row.id), row.name, row.balance_mc, row.created_at, row.is_operator)

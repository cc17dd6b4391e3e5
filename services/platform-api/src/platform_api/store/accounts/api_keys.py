"""Management of API keys: reads and changes are restricted to an owner, and each change is published."""

from datetime import datetime

from darkroom_chassis.database import Database
from darkroom_schemas.api_key import Tier
from darkroom_schemas.ids import UserId
from sqlalchemy import ColumnElement, RowMapping, Update, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.accounts.api_keys import USE_RECORDED_EVERY, KeyChange, KeyPage, StoredKey
from platform_api.store.accounts.published_keys import publication_of
from platform_api.store.accounts.rows import lock_additions
from platform_api.store.tables.accounts import api_keys
from platform_api.store.tables.log import outbox

_COLUMNS = api_keys.c


class PostgresNewApiKeys:
    """Implements `NewApiKeys` on the connection of an open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def held_by(self, user_id: UserId) -> int:
        await lock_additions(self._connection, user_id)
        count = select(func.count()).select_from(api_keys).where(_visible_to(user_id))
        return int((await self._connection.execute(count)).scalar_one())

    async def add(self, key: StoredKey) -> StoredKey:
        statement = insert(api_keys).values(new_key_row(key)).returning(api_keys)
        row = (await self._connection.execute(statement)).mappings().one()
        await self._connection.execute(insert(outbox), publication_of([key.id]))
        return key_of(row)


class PostgresApiKeys:
    """Implements `ApiKeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key_id: str, owner: UserId | None) -> StoredKey | None:
        statement = select(api_keys).where(_COLUMNS.id == key_id, _visible_to(owner))
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).mappings().first()
        return key_of(row) if row else None

    async def page(self, owner: UserId | None, *, limit: int, offset: int) -> KeyPage:
        statement = select(api_keys).where(_visible_to(owner)).order_by(_COLUMNS.created_at.desc(), _COLUMNS.id)
        count = select(func.count()).select_from(api_keys).where(_visible_to(owner))
        async with self._database.connect() as connection:
            rows = (await connection.execute(statement.limit(limit).offset(offset))).mappings().all()
            total = (await connection.execute(count)).scalar_one()
        return KeyPage(tuple(map(key_of, rows)), total)

    async def change(self, key_id: str, owner: UserId | None, change: KeyChange) -> StoredKey | None:
        values = {
            "name": change.name,
            "description": change.description,
            "tier": change.tier,
            "scopes": list(change.scopes) if change.scopes is not None else None,
            "is_active": change.is_active,
        }
        new = {name: value for name, value in values.items() if value is not None}
        return await self._write(key_id, owner, update(api_keys).values(new | {"updated_at": func.now()}))

    async def revoke(self, key_id: str, owner: UserId | None) -> StoredKey | None:
        return await self._write(
            key_id, owner, update(api_keys).values(revoked_at=func.now(), updated_at=func.now(), is_active=False)
        )

    async def note_use(self, key_id: str, now: datetime) -> None:
        is_old = or_(_COLUMNS.last_used_at.is_(None), _COLUMNS.last_used_at <= now - USE_RECORDED_EVERY)
        statement = update(api_keys).where(_COLUMNS.id == key_id, is_old).values(last_used_at=now)
        async with self._database.connect() as connection:
            await connection.execute(statement)

    async def _write(self, key_id: str, owner: UserId | None, change: Update) -> StoredKey | None:
        statement = change.where(_COLUMNS.id == key_id, _visible_to(owner)).returning(api_keys)
        async with self._database.begin() as connection:
            row = (await connection.execute(statement)).mappings().first()
            if row is None:
                return None
            await connection.execute(insert(outbox), publication_of([key_id]))
        return key_of(row)


def key_of(row: RowMapping) -> StoredKey:
    """Build a key from a row of `api_keys`."""
    return StoredKey(**{**row, "tier": Tier(row["tier"]), "scopes": tuple(row["scopes"])})


def new_key_row(key: StoredKey) -> dict[str, object]:
    """Return the row of a new key."""
    return {
        "id": key.id,
        "kind": key.kind,
        "user_id": key.user_id,
        "secret_hash": key.secret_hash,
        "name": key.name,
        "description": key.description,
        "tier": key.tier,
        "scopes": list(key.scopes),
    }


def _visible_to(owner: UserId | None) -> ColumnElement[bool]:
    is_stored = _COLUMNS.revoked_at.is_(None)
    return is_stored if owner is None else and_(is_stored, _COLUMNS.user_id == owner)

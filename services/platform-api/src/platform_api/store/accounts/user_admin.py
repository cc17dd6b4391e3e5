"""Users as operators see them, and who of them is blocked."""

from collections.abc import Sequence
from typing import Any

from darkroom_chassis.database import DATABASE_AWAY, Database
from darkroom_chassis.short_cache import ShortCache
from darkroom_schemas.ids import UserId
from sqlalchemy import Row, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.accounts.user_admin import ListedUser
from platform_api.store.accounts.published_keys import publication_of
from platform_api.store.tables.accounts import api_keys, users
from platform_api.store.tables.log import outbox
from platform_api.store.tables.sessions import sessions

FRESH_S = 5.0
"""Age up to which the ids of blocked users are not read again: every request needs them."""
_KEYS = (
    select(func.count())
    .where(api_keys.c.user_id == users.c.id, api_keys.c.revoked_at.is_(None))
    .correlate(users)
    .scalar_subquery()
    .label("keys")
)


class PostgresUserAdmin:
    """Implements `UserAdmin`. Keeps the ids of blocked users, also while the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocked: ShortCache[frozenset[UserId] | None] = ShortCache(self._read_blocked, None, max_age_s=FRESH_S)

    async def page(self, search: str, *, limit: int, before: UserId | None) -> Sequence[ListedUser]:
        statement = _listed().order_by(users.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(users.c.id < before)
        if search:
            named = users.c.name.icontains(search, autoescape=True)
            statement = statement.where(named | (func.cast(users.c.id, users.c.name.type) == search.lower()))
        async with self._database.connect() as connection:
            return [_user(row) for row in await connection.execute(statement)]

    async def get(self, user_id: UserId) -> ListedUser | None:
        async with self._database.connect() as connection:
            row = (await connection.execute(_listed().where(users.c.id == user_id))).first()
        return None if row is None else _user(row)

    async def block(self, user_id: UserId) -> None:
        blocked = update(users).where(users.c.id == user_id, users.c.blocked_at.is_(None))
        async with self._database.begin() as connection:
            await connection.execute(blocked.values(blocked_at=func.now()))
            await connection.execute(delete(sessions).where(sessions.c.user_id == user_id))
            await _revoke(connection, user_id)
        self._blocked.forget()

    async def unblock(self, user_id: UserId) -> None:
        async with self._database.begin() as connection:
            await connection.execute(update(users).where(users.c.id == user_id).values(blocked_at=None))
        self._blocked.forget()

    async def revoke_keys(self, user_id: UserId) -> int:
        async with self._database.begin() as connection:
            return await _revoke(connection, user_id)

    async def is_blocked(self, user_id: UserId) -> bool:
        return user_id in (await self._blocked.get() or ())

    async def _read_blocked(self, known: frozenset[UserId] | None) -> frozenset[UserId]:
        """Return the ids of blocked users: those that are known while the database is away."""
        try:
            async with self._database.connect() as connection:
                ids = await connection.execute(select(users.c.id).where(users.c.blocked_at.is_not(None)))
                return frozenset(map(UserId, ids.scalars()))
        except DATABASE_AWAY:
            if known is None:
                raise
            return known


async def _revoke(connection: AsyncConnection, user_id: UserId) -> int:
    """Revoke all keys of a user, and have that published; returns their number."""
    valid = update(api_keys).where(api_keys.c.user_id == user_id, api_keys.c.revoked_at.is_(None))
    revoked = valid.values(revoked_at=func.now(), updated_at=func.now(), is_active=False).returning(api_keys.c.id)
    ids = list((await connection.execute(revoked)).scalars())
    if ids:
        await connection.execute(insert(outbox), publication_of(ids))
    return len(ids)


def _listed() -> Select[Any]:  # Any: SQLAlchemy does not know the types of a row's columns
    return select(users, _KEYS)


def _user(row: Row[Any]) -> ListedUser:
    return ListedUser(
        id=UserId(row.id),
        name=row.name,
        balance_mc=row.balance_mc,
        jobs=row.jobs_total,
        keys=row.keys,
        is_operator=row.is_operator,
        blocked_at=row.blocked_at,
        created_at=row.created_at,
    )

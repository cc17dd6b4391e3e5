"""Sessions and passwords."""

from datetime import datetime

from darkroom_chassis.database import Database
from darkroom_chassis.expired_rows import delete_older
from darkroom_schemas.api_key import Scope
from darkroom_schemas.ids import UserId
from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from platform_api.domain.accounts.sessions import Session, StoredPassword
from platform_api.store.accounts.published_keys import VALID
from platform_api.store.tables.accounts import api_keys, users
from platform_api.store.tables.sessions import passwords, sessions


class PostgresSessions:
    """Implements `Sessions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session: Session) -> None:
        async with self._database.connect() as connection:
            await connection.execute(
                insert(sessions).values(
                    token_hash=session.token_hash,
                    user_id=session.user_id,
                    key_id=session.key_id,
                    expires_at=session.expires_at,
                )
            )

    async def find(self, token_hash: bytes, now: datetime) -> Session | None:
        # Sessions have no scopes: they end when their key loses the scope `*`.
        key_is_valid = sessions.c.key_id.is_(None) | (VALID & api_keys.c.scopes.contains([Scope.EVERYTHING]))
        statement = (
            select(sessions)
            .outerjoin(api_keys, api_keys.c.id == sessions.c.key_id)
            .where(sessions.c.token_hash == token_hash, sessions.c.expires_at > now, key_is_valid)
        )
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).first()
        if row is None:
            return None
        return Session(row.token_hash, UserId(row.user_id), row.key_id, row.expires_at, row.created_at)

    async def remove(self, token_hash: bytes) -> None:
        async with self._database.connect() as connection:
            await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


async def delete_expired_sessions(database: Database) -> int:
    """Delete the expired sessions and return their number."""
    return await delete_older(database, sessions.c.expires_at, func.now())


class PostgresPasswords:
    """Implements `Passwords`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_name(self, name: str) -> StoredPassword | None:
        statement = select(passwords).join(users, users.c.id == passwords.c.user_id).where(users.c.name == name)
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).first()
        return StoredPassword(UserId(row.user_id), row.password_hash) if row else None

    async def set(self, user_id: UserId, password_hash: str) -> None:
        new = upsert(passwords).values(user_id=user_id, password_hash=password_hash)
        replaced = {"password_hash": new.excluded.password_hash, "updated_at": func.now()}
        async with self._database.begin() as connection:
            await connection.execute(new.on_conflict_do_update(index_elements=["user_id"], set_=replaced))
            await connection.execute(delete(sessions).where(sessions.c.user_id == user_id))

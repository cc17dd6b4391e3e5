"""Publication of API keys to Redis, where the other services look them up."""

from collections.abc import Sequence
from typing import Any

from darkroom_schemas.api_key import PublishedKey, Tier
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.store.tables.accounts import api_keys

ALL = None
"""All valid keys, published when Redis may have lost data."""
VALID = and_(api_keys.c.revoked_at.is_(None), api_keys.c.is_active)


def publication_of(ids: Sequence[str] | None) -> dict[str, Any]:
    """Return the outbox row that publishes keys. The relay reads the keys when it sends them: the last state wins."""
    return {"kind": "keys", "job_id": None, "history_seq": None, "body": {"ids": ids}}


async def published_keys(connection: AsyncConnection, ids: Sequence[str] | None) -> list[PublishedKey]:
    """Return keys in the form that is published."""
    statement = select(api_keys)
    statement = statement.where(VALID if ids is ALL else api_keys.c.id.in_(ids))
    return [
        PublishedKey(
            id=row.id,
            kind=row.kind,
            user_id=row.user_id,
            sha256=row.secret_hash.hex(),
            revoked=row.revoked_at is not None or not row.is_active,
            tier=Tier(row.tier),
            scopes=tuple(row.scopes),
        )
        for row in await connection.execute(statement)
    ]

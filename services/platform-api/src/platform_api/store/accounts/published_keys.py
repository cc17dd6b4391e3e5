"""API keys on their way to the other services, which know them by what Redis holds."""

from collections.abc import Sequence
from typing import Any

from darkroom_schemas.api_key import PublishedKey, Tier
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.store.tables.accounts import api_keys

ALL = None
"""Every valid key: for a Redis that may have lost them."""
VALID = and_(api_keys.c.revoked_at.is_(None), api_keys.c.is_active)


def publication_of(ids: Sequence[str] | None) -> dict[str, Any]:
    """Make the outbox row that has keys published. They are read when it is relayed, so the last state wins."""
    return {"kind": "keys", "job_id": None, "history_seq": None, "body": {"ids": ids}}


async def published_keys(connection: AsyncConnection, ids: Sequence[str] | None) -> list[PublishedKey]:
    """Read keys as the other services may know them."""
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

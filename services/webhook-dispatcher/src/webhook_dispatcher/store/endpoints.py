"""Reads and writes endpoints. Every statement filters by tenant."""

import builtins
from collections.abc import Sequence
from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.ids import TenantId, new_uuid7
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.endpoint import Endpoint
from webhook_dispatcher.store.tables import endpoint_queues, endpoints


class PostgresNewEndpoints:
    """Implements `NewEndpoints` in the connection's transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def registered_by(self, tenant: TenantId) -> int:
        lock = select(func.pg_advisory_xact_lock(func.hashtextextended(f"webhooks.endpoints:{tenant}", 0)))
        await self._connection.execute(lock)
        count = select(func.count()).select_from(endpoints).where(endpoints.c.tenant == tenant)
        return int((await self._connection.execute(count)).scalar_one())

    async def add(
        self, tenant: TenantId, *, url: str, events: Sequence[str], description: str, sealed_secret: bytes
    ) -> Endpoint:
        statement = insert(endpoints).values(
            id=new_uuid7(), tenant=tenant, url=url, events=list(events), description=description,
            sealed_secret=sealed_secret,
        ).returning(endpoints)  # fmt: skip
        endpoint = _endpoint((await self._connection.execute(statement)).one())
        await self._connection.execute(insert(endpoint_queues).values(endpoint_id=endpoint.id))
        return endpoint


class PostgresEndpoints:
    """Implements `Endpoints`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, tenant: TenantId) -> builtins.list[Endpoint]:
        statement = select(endpoints).where(endpoints.c.tenant == tenant).order_by(endpoints.c.id)
        async with self._database.connect() as connection:
            return [_endpoint(row) for row in await connection.execute(statement)]

    async def get(self, tenant: TenantId, endpoint_id: str) -> Endpoint | None:
        statement = select(endpoints).where(endpoints.c.tenant == tenant, endpoints.c.id == endpoint_id)
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _endpoint(row)

    async def change(self, tenant: TenantId, endpoint_id: str, changes: dict[str, Any]) -> Endpoint | None:
        if changes.get("active"):
            changes = changes | {"disabled_reason": None}
        mine = (endpoints.c.tenant == tenant, endpoints.c.id == endpoint_id)
        statement = update(endpoints).where(*mine).values(**changes).returning(endpoints)
        async with self._database.begin() as connection:
            await _lock_queue(connection, endpoint_id)
            row = (await connection.execute(statement)).one_or_none()
            if row is None:
                return None
            queue = update(endpoint_queues).where(endpoint_queues.c.endpoint_id == endpoint_id)
            fresh = {"failures": 0, "failing_since": None, "paused_until": None} if row.active else {}
            await connection.execute(queue.values(due_at=func.now() if row.active else None, **fresh))
        return _endpoint(row)

    async def remove(self, tenant: TenantId, endpoint_id: str) -> bool:
        statement = delete(endpoints).where(endpoints.c.tenant == tenant, endpoints.c.id == endpoint_id)
        async with self._database.begin() as connection:
            await _lock_queue(connection, endpoint_id)
            return (await connection.execute(statement)).rowcount == 1


async def _lock_queue(connection: AsyncConnection, endpoint_id: str) -> None:
    """Lock an endpoint's queue before its row, as dispatchers do, so that there is no deadlock."""
    lock = select(endpoint_queues.c.endpoint_id).where(endpoint_queues.c.endpoint_id == endpoint_id)
    await connection.execute(lock.with_for_update())


def _endpoint(row: Any) -> Endpoint:  # Any: rows carry the columns of their statement
    return Endpoint(
        id=row.id, tenant=TenantId(row.tenant), url=row.url, events=tuple(row.events), description=row.description,
        active=row.active, disabled_reason=row.disabled_reason, created_at=row.created_at,
    )  # fmt: skip

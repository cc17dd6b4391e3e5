"""Reads and writes endpoints. Every statement filters by tenant."""

import builtins
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from darkroom_chassis.database import Database
from darkroom_schemas.ids import TenantId, new_uuid7
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.endpoint import Dialect, Endpoint, EndpointForm
from webhook_dispatcher.domain.ports import SecretBox
from webhook_dispatcher.store.subscribers import filters_from
from webhook_dispatcher.store.tables import endpoint_queues, endpoints


class PostgresNewEndpoints:
    """Implements `NewEndpoints` in the connection's transaction."""

    def __init__(self, connection: AsyncConnection, box: SecretBox) -> None:
        self._connection, self._box = connection, box

    async def registered_by(self, tenant: TenantId) -> int:
        lock = select(func.pg_advisory_xact_lock(func.hashtextextended(f"webhooks.endpoints:{tenant}", 0)))
        await self._connection.execute(lock)
        count = select(func.count()).where(endpoints.c.tenant == tenant, endpoints.c.origin.is_(None))
        return int((await self._connection.execute(count)).scalar_one())

    async def add(self, tenant: TenantId, form: EndpointForm) -> Endpoint:
        values = _columns(asdict(form), self._box)
        statement = insert(endpoints).values(id=new_uuid7(), tenant=tenant, **values).returning(endpoints)
        endpoint = endpoint_from((await self._connection.execute(statement)).one())
        await self._connection.execute(insert(endpoint_queues).values(endpoint_id=endpoint.id))
        return endpoint

    async def rotate(self, tenant: TenantId, endpoint_id: str, secret: str, *, overlap_s: float) -> bool:
        statement = (
            update(endpoints)
            .where(endpoints.c.tenant == tenant, endpoints.c.id == endpoint_id)
            .values(
                previous_secret=endpoints.c.sealed_secret if overlap_s else None,
                previous_until=func.now() + timedelta(seconds=overlap_s),
                sealed_secret=self._box.seal(secret),
            )
        )
        return (await self._connection.execute(statement)).rowcount == 1


class PostgresEndpoints:
    """Implements `Endpoints`."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database, self._box = database, box

    async def list(self, tenant: TenantId, *, of_jobs: bool) -> builtins.list[Endpoint]:
        kind = endpoints.c.origin.is_not(None) if of_jobs else endpoints.c.origin.is_(None)
        statement = select(endpoints).where(endpoints.c.tenant == tenant, kind).order_by(endpoints.c.id)
        async with self._database.connect() as connection:
            return [endpoint_from(row) for row in await connection.execute(statement)]

    async def get(self, tenant: TenantId, endpoint_id: str) -> Endpoint | None:
        statement = select(endpoints).where(endpoints.c.tenant == tenant, endpoints.c.id == endpoint_id)
        async with self._database.connect() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else endpoint_from(row)

    async def change(self, tenant: TenantId, endpoint_id: str, changes: dict[str, Any]) -> Endpoint | None:
        values = _columns(changes, self._box)
        if "active" in changes:
            values["disabled_reason"] = None
        mine = (endpoints.c.tenant == tenant, endpoints.c.id == endpoint_id)
        statement = update(endpoints).where(*mine).values(**values).returning(endpoints)
        async with self._database.begin() as connection:
            await _lock_queue(connection, endpoint_id)
            row = (await connection.execute(statement)).one_or_none()
            if row is None:
                return None
            queue = update(endpoint_queues).where(endpoint_queues.c.endpoint_id == endpoint_id)
            fresh = {"failures": 0, "failing_since": None, "paused_until": None} if row.active else {}
            await connection.execute(queue.values(due_at=func.now() if row.active else None, **fresh))
        return endpoint_from(row)

    async def remove(self, tenant: TenantId, endpoint_id: str) -> bool:
        statement = delete(endpoints).where(endpoints.c.tenant == tenant, endpoints.c.id == endpoint_id)
        async with self._database.begin() as connection:
            await _lock_queue(connection, endpoint_id)
            return (await connection.execute(statement)).rowcount == 1


async def _lock_queue(connection: AsyncConnection, endpoint_id: str) -> None:
    """Lock an endpoint's queue before its row, as dispatchers do, so that there is no deadlock."""
    lock = select(endpoint_queues.c.endpoint_id).where(endpoint_queues.c.endpoint_id == endpoint_id)
    await connection.execute(lock.with_for_update())


def _columns(fields: Mapping[str, Any], box: SecretBox) -> dict[str, Any]:
    """Return fields of a form as columns: the secret and the headers are encrypted."""
    columns = dict(fields)
    if (secret := columns.pop("secret", None)) is not None:
        columns["sealed_secret"] = box.seal(secret)
    if (headers := columns.pop("headers", None)) is not None:
        columns["header_names"] = list(headers)
        columns["sealed_headers"] = box.seal(json.dumps(headers)) if headers else None
    for name in ("events", "schedule_s"):
        if columns.get(name) is not None:
            columns[name] = list(columns[name])
    if "filters" in columns:
        columns["filters"] = {name: list(values) for name, values in columns["filters"].items() if values}
    return columns


def endpoint_from(row: Any) -> Endpoint:  # Any: rows carry the columns of their statement
    """Return the endpoint of a row."""
    return Endpoint(
        id=row.id, tenant=TenantId(row.tenant), url=row.url, events=tuple(row.events),
        filters=filters_from(row.filters), description=row.description, active=row.active,
        disabled_reason=row.disabled_reason, created_at=row.created_at, origin=row.origin, ordered=row.ordered,
        rate_per_s=row.rate_per_s, schedule_s=None if row.schedule_s is None else tuple(row.schedule_s),
        dialect=Dialect(row.dialect), ed25519=row.ed25519, header_names=tuple(row.header_names),
    )  # fmt: skip

"""Reads the endpoints of all tenants with the state of their queues, for operators."""

import builtins

from darkroom_chassis.database import Database
from darkroom_schemas.ids import TenantId
from sqlalchemy import select

from webhook_dispatcher.domain.endpoint import EndpointState, WatchedEndpoint
from webhook_dispatcher.store.endpoints import endpoint_from
from webhook_dispatcher.store.tables import endpoint_queues, endpoints

_CONDITIONS = {
    EndpointState.FAILING: endpoints.c.active & endpoint_queues.c.failing_since.is_not(None),
    EndpointState.DISABLED: endpoints.c.disabled_reason.is_not(None),
}


class PostgresWatchedEndpoints:
    """Implements `WatchedEndpoints`. Ids increase with time, so they are the order and the cursor."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(
        self, *, limit: int, before: str | None, state: EndpointState | None, tenant: TenantId | None
    ) -> builtins.list[WatchedEndpoint]:
        queue = endpoint_queues.c
        statement = (
            select(endpoints, queue.delivered, queue.failed, queue.failing_since, queue.paused_until)
            .join(endpoint_queues, queue.endpoint_id == endpoints.c.id)
            .order_by(endpoints.c.id.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(endpoints.c.id < before)
        if state is not None:
            statement = statement.where(_CONDITIONS[state])
        if tenant is not None:
            statement = statement.where(endpoints.c.tenant == tenant)
        async with self._database.connect() as connection:
            return [
                WatchedEndpoint(endpoint_from(row), row.delivered, row.failed, row.failing_since, row.paused_until)
                for row in await connection.execute(statement)
            ]

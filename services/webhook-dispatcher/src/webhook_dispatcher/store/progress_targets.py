"""Finds the endpoints that list progress, for the one replica that sends it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from darkroom_chassis.database import Database
from darkroom_schemas.ids import TenantId
from darkroom_schemas.webhook import JOB_PROGRESS
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.delivery import Credentials
from webhook_dispatcher.domain.endpoint import Dialect
from webhook_dispatcher.domain.ports import FindTargets, SecretBox
from webhook_dispatcher.domain.progress import ProgressTarget
from webhook_dispatcher.store.subscribers import filters_from
from webhook_dispatcher.store.tables import endpoint_queues, endpoints

MAX_TARGETS = 1000
_KEY = func.hashtextextended("webhooks.progress", 0)


class PostgresProgressTargets:
    """Implements `ProgressTargets`. The leader holds an advisory lock on a connection of its own."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database, self._box = database, box

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[FindTargets | None]:
        async with self._database.connect() as connection:
            if not (await connection.execute(select(func.pg_try_advisory_lock(_KEY)))).scalar_one():
                yield None
                return
            try:
                yield partial(self._find, connection)
            finally:
                await connection.invalidate()  # the lock ends with its connection, also while the server is away

    async def _find(self, connection: AsyncConnection) -> list[ProgressTarget]:
        """Read the endpoints on the connection that holds the lock, which fails if the lock is lost."""
        statement = (
            select(endpoints)
            .join(endpoint_queues, endpoint_queues.c.endpoint_id == endpoints.c.id)
            .where(
                endpoints.c.active,
                endpoints.c.events.contains([JOB_PROGRESS]),
                func.coalesce(endpoint_queues.c.paused_until, func.now()) <= func.now(),
            )
            .limit(MAX_TARGETS)
        )
        found = []
        for row in await connection.execute(statement):
            secret = self._box.open(row.sealed_secret)
            headers = "{}" if row.sealed_headers is None else self._box.open(row.sealed_headers)
            if secret is not None and headers is not None:
                credentials = Credentials((secret,), json.loads(headers))
                found.append(
                    ProgressTarget(
                        row.id, TenantId(row.tenant), row.url, filters_from(row.filters), credentials,
                        Dialect(row.dialect), row.ed25519,
                    )
                )  # fmt: skip
        return found

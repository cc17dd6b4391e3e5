"""Measures what waits for delivery."""

from darkroom_chassis.database import Database

from webhook_dispatcher.domain.backlog import Backlog

_MEASURE = """
SELECT
    coalesce(extract(epoch FROM now() - min(queue.due_at) FILTER (WHERE queue.due_at <= now())), 0)::float8 AS late_s,
    count(*) FILTER (WHERE queue.paused_until > now()) AS paused,
    count(*) FILTER (WHERE NOT endpoint.active AND endpoint.disabled_reason IS NOT NULL) AS disabled,
    (SELECT count(*) FROM webhooks.deliveries AS delivery WHERE delivery.status = 'pending') AS pending
FROM webhooks.endpoint_queues AS queue
JOIN webhooks.endpoints AS endpoint ON endpoint.id = queue.endpoint_id
"""


class PostgresBacklog:
    """Implements `Measure`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def measure(self) -> Backlog:
        async with self._database.bare() as connection:
            row = await (await connection.execute(_MEASURE)).fetchone()
        if row is None:
            raise RuntimeError("an aggregate without a row")
        return Backlog(row["late_s"], row["pending"], row["paused"], row["disabled"])

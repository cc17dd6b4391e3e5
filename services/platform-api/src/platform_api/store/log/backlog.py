"""Measures the outbox and the jobs that have not ended."""

from darkroom_chassis.database import Database

from platform_api.domain.log.backlog import PlatformBacklog
from platform_api.store.tables.metadata import ACTIVE

_OUTBOX = """
SELECT
    count(*) FILTER (WHERE rejected_at IS NULL) AS waiting,
    count(*) FILTER (WHERE rejected_at IS NOT NULL) AS rejected,
    coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE rejected_at IS NULL)), 0)::float8 AS age_s
FROM platform.outbox
"""
_JOBS = f"""
SELECT status, count(*) AS number, sum(price_mc - charged_mc)::bigint AS reserved_mc
FROM platform.jobs WHERE {ACTIVE} GROUP BY status
"""  # noqa: S608 - a constant


class PostgresPlatformBacklog:
    """Implements `MeasureBacklog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def measure(self) -> PlatformBacklog:
        async with self._database.bare() as connection:
            outbox = await (await connection.execute(_OUTBOX)).fetchone()
            jobs = await (await connection.execute(_JOBS)).fetchall()
        if outbox is None:
            raise RuntimeError("an aggregate without a row")
        return PlatformBacklog(
            outbox_rows=outbox["waiting"],
            outbox_age_s=max(0.0, outbox["age_s"]),
            outbox_rejected=outbox["rejected"],
            jobs={row["status"]: row["number"] for row in jobs},
            reserved_mc=sum(row["reserved_mc"] for row in jobs),
        )

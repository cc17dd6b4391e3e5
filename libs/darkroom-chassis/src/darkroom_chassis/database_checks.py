"""What `doctor` says about a PostgreSQL server and the schema of a service."""

import asyncio
import time

import psycopg
from sqlalchemy.engine import make_url

from darkroom_chassis.doctor import Finding, clock, error, ok, warning
from darkroom_chassis.migrations import SchemaMigrations, SchemaState

OLDEST = 140_000
CONNECT_S = 5
BUSY_SHARE = 0.8


async def database_findings(database_url: str, migrations: SchemaMigrations, program: str) -> list[Finding]:
    """Check server, schema and clock. `program` is the service as in `python -m <program> migrate`."""
    return await asyncio.to_thread(_findings, database_url, migrations, program)


def _findings(database_url: str, migrations: SchemaMigrations, program: str) -> list[Finding]:
    conninfo = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, connect_timeout=CONNECT_S, autocommit=True) as connection:
        version = connection.info.server_version
        row = connection.execute(
            "SELECT extract(epoch FROM clock_timestamp())::float8, pg_is_in_recovery(), count(*), "
            "current_setting('max_connections')::int FROM pg_stat_activity"
        ).fetchone()
        if row is None:
            raise RuntimeError("an aggregate without a row")
        server_s, is_standby, connections, limit = row
    return [
        _version(version),
        clock("postgresql", server_s, time.time()),
        _writes(is_standby=is_standby),
        _connections(connections, limit),
        _schema(migrations, migrations.state(database_url), program),
    ]


def _version(version: int) -> Finding:
    name = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    if version >= OLDEST:
        return ok("postgresql", name)
    return error("postgresql", f"{name} is older than 14", "Upgrade PostgreSQL to 14 or newer.")


def _writes(*, is_standby: bool) -> Finding:
    if not is_standby:
        return ok("postgresql", "the server accepts writes")
    return error(
        "postgresql", "the server is a standby", "Point DATABASE_URL at the primary server, or promote this one."
    )


def _connections(number: int, limit: int) -> Finding:
    message = f"{number} of {limit} connections are open"
    if number < BUSY_SHARE * limit:
        return ok("postgresql", message)
    return warning("postgresql", message, "Raise max_connections, or lower the pool sizes of the services.")


def _schema(migrations: SchemaMigrations, state: SchemaState, program: str) -> Finding:
    match state:
        case SchemaState.CURRENT:
            return ok("schema", f"{migrations.schema} is at the newest revision")
        case SchemaState.NEWER:
            return warning(
                "schema",
                f"{migrations.schema} was migrated by a later release than this one",
                "Finish the upgrade, so that all services are of one release.",
            )
        case SchemaState.BEHIND:
            return error("schema", f"{migrations.schema} is behind this release", f"Run `python -m {program} migrate`.")

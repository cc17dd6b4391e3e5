"""Server aliases."""

from collections.abc import Sequence

from darkroom_chassis.database import Database
from sqlalchemy import RowMapping, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from platform_api.domain.servers import Server
from platform_api.store.tables.servers import servers
from platform_api.store.unique import unique


class PostgresNewServers:
    """Implements `NewServers` on the connection of an open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, server: Server) -> Server | None:
        statement = upsert(servers).values(_row(server)).on_conflict_do_nothing().returning(servers)
        row = (await self._connection.execute(statement)).mappings().first()
        return _server(row) if row else None


class PostgresServers:
    """Implements `Servers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[Server]:
        async with self._database.connect() as connection:
            return [_server(row) for row in (await connection.execute(select(servers))).mappings()]

    async def change(self, alias: str, server: Server) -> Server | None:
        values = {**_row(server), "updated_at": func.now()}
        statement = update(servers).where(servers.c.alias == alias).values(values).returning(servers)
        async with self._database.connect() as connection:
            with unique("server", server.alias):
                row = (await connection.execute(statement)).mappings().first()
        return _server(row) if row else None

    async def remove(self, alias: str) -> bool:
        async with self._database.connect() as connection:
            return bool((await connection.execute(delete(servers).where(servers.c.alias == alias))).rowcount)


def _row(server: Server) -> dict[str, str | None]:
    return {"alias": server.alias, "api_url": server.api_url, "description": server.description}


def _server(row: RowMapping) -> Server:
    return Server(**row)

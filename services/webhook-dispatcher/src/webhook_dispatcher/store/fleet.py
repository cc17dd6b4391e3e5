"""The last known states of workers and machines."""

from darkroom_chassis.database import Database
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from webhook_dispatcher.domain.fleet import Sighting
from webhook_dispatcher.store.notices import store_notices
from webhook_dispatcher.store.tables import fleet


class PostgresFleet:
    """Implements `Fleet`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, seen: Sighting) -> bool:
        new = insert(fleet).values(name=seen.name, connected=seen.connected, at_ms=seen.at_ms)
        changed = new.on_conflict_do_update(
            index_elements=["name"],
            set_={"connected": new.excluded.connected, "at_ms": new.excluded.at_ms, "seen_at": func.now()},
            where=(fleet.c.connected != new.excluded.connected) & (fleet.c.at_ms < new.excluded.at_ms),
        ).returning(fleet.c.name)
        async with self._database.begin() as connection:
            if (await connection.execute(changed)).one_or_none() is None:
                return False
            return bool(await store_notices(connection, [seen.notice]))

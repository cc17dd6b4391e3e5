"""Counts login attempts in windows of 15 minutes: by name, by address, and by both."""

import asyncio
import hashlib
from datetime import timedelta
from weakref import WeakValueDictionary

from darkroom_chassis.database import Database
from darkroom_chassis.expired_rows import delete_older
from sqlalchemy import case, delete, func
from sqlalchemy.dialects.postgresql import insert as upsert

from platform_api.domain.accounts.sessions import Attempt
from platform_api.store.tables.sessions import login_attempts

WINDOW = timedelta(minutes=15)
PER_NAME_AND_ADDRESS = 10
PER_NAME = 100
"""Higher than the previous limit, so that an attacker cannot lock a user out by failing logins in their name."""
PER_ADDRESS = 300
"""Many users may share an address or a proxy."""


class PostgresLoginThrottle:
    """Implements `LoginThrottle`. Names are stored as hashes: users sometimes type a password there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def attempt(self, name: str, address: str) -> Attempt:
        limits = _limits(name, address)
        columns = login_attempts.c
        over = columns.since <= func.now() - WINDOW
        # Sorted, so that concurrent attempts lock the rows in the same order.
        rows = [{"subject": subject, "attempts": 1, "since": func.now()} for subject in sorted(limits)]
        counted = upsert(login_attempts).values(rows)
        counted = counted.on_conflict_do_update(
            index_elements=["subject"],
            set_={
                "attempts": case((over, 1), else_=columns.attempts + 1),
                "since": case((over, func.now()), else_=columns.since),
            },
        )
        left = func.extract("epoch", columns.since + WINDOW - func.now())
        # Attempts from one address wait for the same row. Wait here instead: a flood would use all pooled connections.
        turn = self._turns.setdefault(address, asyncio.Lock())
        async with turn, self._database.connect() as connection:
            found = (await connection.execute(counted.returning(columns.subject, columns.attempts, left))).all()
        waits = {subject: float(left_s) for subject, attempts, left_s in found if attempts > limits[subject]}
        address_wait_s = waits.pop(_subject("address", address), 0.0)
        return Attempt(max(waits.values(), default=0.0), address_wait_s)

    async def succeeded(self, name: str, address: str) -> None:
        subject = _subject("both", name, address)
        async with self._database.connect() as connection:
            await connection.execute(delete(login_attempts).where(login_attempts.c.subject == subject))


async def delete_old_attempts(database: Database) -> int:
    """Delete the counts of expired windows and return their number."""
    return await delete_older(database, login_attempts.c.since, func.now() - WINDOW)


def _limits(name: str, address: str) -> dict[bytes, int]:
    return {
        _subject("both", name, address): PER_NAME_AND_ADDRESS,
        _subject("name", name): PER_NAME,
        _subject("address", address): PER_ADDRESS,
    }


def _subject(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).digest()

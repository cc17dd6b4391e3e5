"""The row of an Idempotency-Key. A request inserts it first, so repeated requests wait for its transaction."""

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import Table, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from darkroom_chassis.idempotency import IdempotencyKey, KeyInUse, KeyReused


class IdempotencyRow:
    """The row of a principal's key in `table`.

    The table has the columns in `principal`, and `key`, `fingerprint` and `answer`.
    """

    def __init__(self, table: Table, principal: Mapping[str, str], key: IdempotencyKey, *, nothing: Any = "") -> None:
        self._table, self._nothing = table, nothing
        self._primary, self._fingerprint = {**principal, "key": key.key}, key.fingerprint
        self._mine = [table.c[name] == value for name, value in self._primary.items()]

    async def claim(self, connection: AsyncConnection) -> Any:  # Any: whatever type the table's `answer` has
        """Insert the key and return None, or return the answer stored with it.

        Waits for a transaction that has inserted the key. Raises `KeyInUse` when that exceeds the lock timeout, and
        `KeyReused` when the key was used with another request.
        """
        row = self._primary | {"fingerprint": self._fingerprint, "answer": self._nothing}
        take = insert(self._table).values(row).on_conflict_do_nothing().returning(self._table.c.key)
        try:
            taken = (await connection.execute(take)).first()
        except OperationalError as error:
            if isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise KeyInUse from error
            raise
        if taken is not None:
            return None
        kept = select(self._table.c.fingerprint, self._table.c.answer).where(*self._mine)
        earlier = (await connection.execute(kept)).one()
        if earlier.fingerprint != self._fingerprint:
            raise KeyReused
        return earlier.answer

    async def answer(self, connection: AsyncConnection, answer: Any) -> None:  # Any: likewise
        """Store the answer for repeated requests."""
        await connection.execute(update(self._table).where(*self._mine).values(answer=answer))

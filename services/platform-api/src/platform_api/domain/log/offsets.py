"""The applied position of the event log."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from darkroom_schemas.ids import EventId

from platform_api.domain.jobs.ports import JobChanges


class Unstorable(Exception):
    """The database rejects the change permanently, for example because of a value that it cannot store."""


class OffsetStore(Protocol):
    """Stores the position up to which the event log has been applied."""

    async def position(self) -> EventId | None:
        """Return the stored position; None means the beginning of the log."""
        ...

    def advance(self, old: EventId | None, new: EventId) -> AbstractAsyncContextManager[JobChanges | None]:
        """Open a transaction that advances the position, or return None if another replica has advanced it.

        Raises `Unstorable` if the changes are at fault, rather than the connection or a lock.
        """
        ...

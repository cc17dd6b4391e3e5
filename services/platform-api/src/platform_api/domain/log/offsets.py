"""How far the event log has been applied."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from darkroom_schemas.ids import EventId

from platform_api.domain.jobs.ports import JobChanges


class Unstorable(Exception):
    """The database understood the change and can never keep it."""


class OffsetStore(Protocol):
    """How far the event log has been applied."""

    async def position(self) -> EventId | None:
        """Return the stored position; None is the beginning of what is kept."""
        ...

    def advance(self, old: EventId | None, new: EventId) -> AbstractAsyncContextManager[JobChanges | None]:
        """Open a transaction that moves the position, or give None when another replica has moved it.

        Raises `Unstorable` when what was done in it is at fault, and not the connection or a lock.
        """
        ...

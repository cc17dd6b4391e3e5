"""Export and deletion of everything that belongs to a user."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from darkroom_schemas.ids import UserId

from platform_api.domain.accounts.sessions import Session

RECENT_LOGIN = timedelta(minutes=15)
"""Age of a session that may delete its user without the password."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the export. `kind` is the name of its table."""

    kind: str
    row: Mapping[str, Any]


class UserRecords(Protocol):
    """Reads everything that is stored about a user."""

    def records(self, user_id: UserId) -> AsyncIterator[Record]:
        """Yield the rows of all tables, without secrets and their hashes; nothing for an unknown user."""
        ...


class UserDeletion(Protocol):
    """Deletes users."""

    async def delete(self, user_id: UserId) -> bool:
        """Delete a user with everything that belongs to it, in one transaction; False if there is no such user.

        Steps that wait or run are cancelled, stored objects are deleted soon afterwards.
        """
        ...


def is_recent(session: Session, now: datetime) -> bool:
    """Return whether the user logged in at most 15 minutes ago."""
    return session.created_at is not None and now - session.created_at <= RECENT_LOGIN

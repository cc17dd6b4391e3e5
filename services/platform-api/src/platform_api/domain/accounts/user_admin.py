"""What operators see of users, and how they block them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from darkroom_schemas.ids import UserId


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user as operators see it. Amounts are in thousandths of a credit; `keys` counts unrevoked API keys."""

    id: UserId
    name: str
    balance_mc: int
    jobs: int
    keys: int
    is_operator: bool
    blocked_at: datetime | None
    created_at: datetime


class UserAdmin(Protocol):
    """Lists users, blocks them and revokes their keys."""

    async def page(self, search: str, *, limit: int, before: UserId | None) -> Sequence[ListedUser]:
        """Return users by id, the greatest first, whose name contains the text or whose id it is."""
        ...

    async def get(self, user_id: UserId) -> ListedUser | None: ...

    async def block(self, user_id: UserId) -> None:
        """Block a user, end all sessions and revoke all API keys; a blocked user stays as it is."""
        ...

    async def unblock(self, user_id: UserId) -> None:
        """Let a user authenticate again. Revoked keys stay revoked."""
        ...

    async def revoke_keys(self, user_id: UserId) -> int:
        """Revoke all of a user's API keys and return their number."""
        ...

    async def is_blocked(self, user_id: UserId) -> bool:
        """Return whether a user is blocked. The answer may be five seconds old."""
        ...

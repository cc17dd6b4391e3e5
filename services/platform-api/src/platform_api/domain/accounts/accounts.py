"""Users, and the API keys that the platform's own commands create."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from darkroom_schemas.ids import UserId

from platform_api.domain.accounts.api_keys import StoredKey


@dataclass(frozen=True, slots=True)
class User:
    """The owner of jobs, assets and credits. The balance is in thousandths of a credit.

    An operator may also see and change queues and workers.
    """

    id: UserId
    name: str
    balance_mc: int
    created_at: datetime
    is_operator: bool = False


class Accounts(Protocol):
    """Stores users, and the keys that the platform's own commands create."""

    async def user(self, user_id: UserId) -> User | None: ...

    async def named(self, name: str) -> User | None: ...

    async def open(self, name: str, credits_mc: int) -> tuple[UserId, bool]:
        """Return the user with that name. If it is new, create it with the given opening balance and return True."""
        ...

    async def set_operator(self, user_id: UserId, *, is_operator: bool) -> None:
        """Make the user an operator, or no longer one."""
        ...

    async def provision(self, user_id: UserId) -> None:
        """Create a user with that id as its name and a balance of 0, unless the user exists."""
        ...

    async def key(self, key_id: str) -> StoredKey | None: ...

    async def add_key(self, key: StoredKey) -> None: ...

    async def revoke_keys(self, name: str) -> None:
        """Revoke every key of that name."""
        ...

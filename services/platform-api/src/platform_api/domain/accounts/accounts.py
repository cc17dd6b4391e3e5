"""Users, and the keys that speak for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from darkroom_schemas.ids import UserId

from platform_api.domain.accounts.api_keys import StoredKey


@dataclass(frozen=True, slots=True)
class User:
    """Who owns jobs, assets and credits. The balance is in thousandths of a credit."""

    id: UserId
    name: str
    balance_mc: int
    created_at: datetime


class Accounts(Protocol):
    """Keeps users, and the keys that the platform itself makes."""

    async def user(self, user_id: UserId) -> User | None: ...

    async def named(self, name: str) -> User | None: ...

    async def open(self, name: str, credits_mc: int) -> tuple[UserId, bool]:
        """Return the user of that name, and True if it was made now, with the credits as its opening balance."""
        ...

    async def provision(self, user_id: UserId) -> None:
        """Make a user of that id, named by it and without credits, unless there is one."""
        ...

    async def key(self, key_id: str) -> StoredKey | None: ...

    async def add_key(self, key: StoredKey) -> None: ...

    async def revoke_keys(self, name: str) -> None:
        """Revoke every key of that name."""
        ...

"""API keys and who may manage them. A key's secret is returned once, at creation; only its hash is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from darkroom_schemas.api_key import Scope, Tier, grants
from darkroom_schemas.ids import UserId

from platform_api.domain.errors import Forbidden, InvalidParameter, NotFound, TooManyKeys

USE_RECORDED_EVERY = timedelta(minutes=5)
"""Resolution of `last_used_at`: recording every use would write a row for each request."""
OPERATORS = UserId("00000000-0000-8000-8000-6f7065726174")
"""The account that owns the keys of operators. It is created, with a balance of 0, together with its first key."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A stored API key. Only a `user` key has a user. Revocation is permanent; an inactive key can be reactivated."""

    id: str
    kind: str
    user_id: UserId | None
    secret_hash: bytes
    name: str
    description: str = ""
    tier: Tier = Tier.STANDARD
    scopes: tuple[str, ...] = (Scope.EVERYTHING,)
    is_active: bool = True
    created_at: datetime | None = None
    """None until the key is stored; so are the other times."""
    updated_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def usable(self) -> bool:
        return self.is_active and self.revoked_at is None

    def is_use_unrecorded(self, now: datetime) -> bool:
        """Return whether the last recorded use is older than `USE_RECORDED_EVERY`."""
        return self.last_used_at is None or now - self.last_used_at >= USE_RECORDED_EVERY


@dataclass(frozen=True, slots=True)
class KeyManager:
    """The caller of key management: an operator, or a user.

    A user sees only their own keys and can grant only scopes that their own key has.
    """

    owner: UserId | None
    scopes: tuple[str, ...]

    @property
    def is_operator(self) -> bool:
        return self.owner is None

    def check(self, tier: Tier | None, scopes: Sequence[str] | None) -> None:
        """Raise `Forbidden` or `InvalidParameter` unless the manager may grant these; None means unchanged."""
        if tier is Tier.PREMIUM and not self.is_operator:
            raise Forbidden("Only an operator's key can create or change premium keys.")
        if scopes is not None and not scopes:
            raise InvalidParameter("scopes", "must name at least one scope")
        for scope in scopes or ():
            if not grants(self.scopes, scope):
                raise InvalidParameter("scopes", f"must not include {scope}, which the caller's own key does not have")


@dataclass(frozen=True, slots=True)
class KeyChange:
    """New values; None leaves a value as it is."""

    name: str | None = None
    description: str | None = None
    tier: Tier | None = None
    scopes: tuple[str, ...] | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class KeyPage:
    """One page, newest first; `total` is the number of keys on all pages."""

    keys: tuple[StoredKey, ...]
    total: int


class NewApiKeys(Protocol):
    """Stores new keys, inside the caller's transaction."""

    async def held_by(self, user_id: UserId) -> int:
        """Return the number of a user's unrevoked keys, and lock it until the transaction ends."""
        ...

    async def add(self, key: StoredKey) -> StoredKey:
        """Store a key, have it published, and return it with its times."""
        ...


class ApiKeys(Protocol):
    """Stores keys that are not revoked. An `owner` of None matches any owner. Each change is published."""

    async def get(self, key_id: str, owner: UserId | None) -> StoredKey | None: ...

    async def page(self, owner: UserId | None, *, limit: int, offset: int) -> KeyPage: ...

    async def change(self, key_id: str, owner: UserId | None, change: KeyChange) -> StoredKey | None: ...

    async def revoke(self, key_id: str, owner: UserId | None) -> StoredKey | None: ...

    async def note_use(self, key_id: str, now: datetime) -> None:
        """Set `last_used_at`, unless another request set it within `USE_RECORDED_EVERY`."""
        ...


async def add_key(key: StoredKey, owner: UserId, *, manager: KeyManager, keys: NewApiKeys, limit: int) -> StoredKey:
    """Store a new key for its owner; raises `TooManyKeys` at `limit` keys, inactive ones included."""
    manager.check(key.tier, key.scopes)
    if await keys.held_by(owner) >= limit:
        raise TooManyKeys(limit)
    return await keys.add(key)


async def change_key(key_id: str, change: KeyChange, *, manager: KeyManager, keys: ApiKeys) -> StoredKey:
    """Change a key with immediate effect; raises `NotFound` for a key that the manager cannot see."""
    manager.check(change.tier, change.scopes)
    return _found(await keys.change(key_id, manager.owner, change))


async def revoke_key(key_id: str, *, manager: KeyManager, keys: ApiKeys) -> StoredKey:
    """Revoke a key permanently, with immediate effect; raises `NotFound`."""
    return _found(await keys.revoke(key_id, manager.owner))


async def read_key(key_id: str, *, manager: KeyManager, keys: ApiKeys) -> StoredKey:
    """Return one key; raises `NotFound`."""
    return _found(await keys.get(key_id, manager.owner))


def _found(key: StoredKey | None) -> StoredKey:
    if key is None:
        raise NotFound("API key")
    return key

"""API keys: scopes, tiers, and the record that the platform publishes to other services."""

from collections.abc import Iterable
from enum import StrEnum

from darkroom_schemas.base import Wire
from darkroom_schemas.ids import UserId


class Tier(StrEnum):
    """The rate limits of a key."""

    STANDARD = "standard"
    PREMIUM = "premium"


class Scope(StrEnum):
    """A right of a key. `EVERYTHING` includes scopes that later releases add."""

    EVERYTHING = "*"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    ASSETS_READ = "assets:read"
    ASSETS_WRITE = "assets:write"
    WORKFLOWS_READ = "workflows:read"
    WORKFLOWS_WRITE = "workflows:write"
    COLLECTIONS_READ = "collections:read"
    COLLECTIONS_WRITE = "collections:write"
    SERVERS_READ = "servers:read"
    SERVERS_WRITE = "servers:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ACCOUNT_READ = "account:read"
    KEYS_MANAGE = "keys:manage"


def grants(held: Iterable[str], needed: str) -> bool:
    """Whether the held scopes include the needed one."""
    return not {Scope.EVERYTHING, needed}.isdisjoint(held)


class PublishedKey(Wire):
    """A key's owner and the SHA-256 of its text (hex). `user_id` is set for keys of kind `user` only."""

    id: str
    kind: str
    user_id: UserId | None = None
    sha256: str
    revoked: bool = False
    tier: Tier = Tier.STANDARD
    scopes: tuple[str, ...] = (Scope.EVERYTHING,)
    """Strings rather than `Scope`, so that an older service can parse scopes of a newer release."""

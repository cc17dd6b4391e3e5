"""Creates the demo user and keys of a new installation, and API keys for operators."""

from collections.abc import Mapping
from dataclasses import dataclass

from darkroom_chassis.api_keys import ApiKey, KeyKind, hash_api_key, new_api_key, parse_api_key, same_key
from darkroom_schemas.api_key import Tier
from darkroom_schemas.ids import UserId

from platform_api.domain.accounts.accounts import Accounts
from platform_api.domain.accounts.api_keys import StoredKey

DEMO_USER = "demo"
DEMO_CREDITS = 1000.0


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """The demo user and one key of each kind."""

    user_id: UserId
    keys: Mapping[KeyKind, str]


async def bootstrap(accounts: Accounts, given: Mapping[KeyKind, str | None], *, credits: float) -> Bootstrapped:
    """Create what is missing, and make the demo user an operator.

    Keys are stored as hashes, so a key that is not given is replaced by a new one.
    """
    user_id, _ = await accounts.open(DEMO_USER, round(credits * 1000))
    await accounts.set_operator(user_id, is_operator=True)
    keys = {}
    for kind in KeyKind:
        text = given.get(kind)
        if text is None or not await _is_valid(accounts, text, kind):
            name = f"bootstrap {kind}"
            await accounts.revoke_keys(name)
            owner = user_id if kind is KeyKind.USER else None
            text = (await make_key(accounts, kind, name, owner, Tier.PREMIUM)).text
        keys[kind] = text
    return Bootstrapped(user_id, keys)


async def make_key(
    accounts: Accounts, kind: KeyKind, name: str, user_id: UserId | None, tier: Tier = Tier.STANDARD
) -> ApiKey:
    """Create and store a key. Its text cannot be read again."""
    key = new_api_key(kind)
    await accounts.add_key(StoredKey(key.id, kind, user_id, hash_api_key(key.text), name, tier=tier))
    return key


async def _is_valid(accounts: Accounts, text: str, kind: KeyKind) -> bool:
    key = parse_api_key(text)
    stored = await accounts.key(key.id) if key else None
    if stored is None:
        return False
    return stored.kind == kind and stored.revoked_at is None and same_key(text, stored.secret_hash)

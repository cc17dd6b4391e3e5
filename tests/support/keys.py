"""API keys for tests of services that do not own them."""

from darkroom_chassis.api_keys import KeyKind, hash_api_key, new_api_key
from darkroom_queue import QueueClient
from darkroom_redis import KeyDirectory
from darkroom_schemas.api_key import PublishedKey, Scope
from darkroom_schemas.ids import UserId


async def publish_key(
    link: QueueClient, user_id: str | None, kind: KeyKind = KeyKind.USER, scopes: tuple[str, ...] = (Scope.EVERYTHING,)
) -> str:
    """Let the services know a new key, as the platform does."""
    key = new_api_key(kind)
    owner = None if user_id is None else UserId(user_id)
    published = PublishedKey(id=key.id, kind=kind, user_id=owner, sha256=hash_api_key(key.text).hex(), scopes=scopes)
    await KeyDirectory(link).publish([published])
    return key.text

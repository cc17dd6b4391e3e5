"""API keys as services other than their owner see them: hashes only, so that each service can tell who calls."""

from collections.abc import Sequence

from darkroom_schemas.api_key import PublishedKey

from darkroom_queue.link import RedisLink


class KeyDirectory:
    """A copy of the platform's API keys in Redis; the platform writes it again whenever Redis may have lost it."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def publish(self, keys: Sequence[PublishedKey]) -> None:
        """Add or replace keys; a revoked one is removed."""
        name = self._link.keys.api_keys
        valid = {key.id: key.model_dump_json() for key in keys if not key.revoked}
        revoked = [key.id for key in keys if key.revoked]
        async with self._link.client.pipeline(transaction=True) as pipe:
            if valid:
                pipe.hset(name, items=[part for pair in valid.items() for part in pair])
            if revoked:
                pipe.hdel(name, *revoked)
            await self._link.guard(pipe.execute())

    async def find(self, key_id: str) -> PublishedKey | None:
        """Return a key that is valid now."""
        text: str | None = await self._link.guard(self._link.client.hget(self._link.keys.api_keys, key_id))
        return None if text is None else PublishedKey.model_validate_json(text)

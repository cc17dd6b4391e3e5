"""Directory of API keys in Redis, by which services without access to the database authenticate callers."""

import logging
from collections.abc import Sequence

from darkroom_schemas.api_key import PublishedKey
from pydantic import ValidationError
from redis.asyncio.client import Pipeline

from darkroom_redis.client import RedisClient

log = logging.getLogger(__name__)


class KeyDirectory:
    """A copy of the platform's API keys in Redis, as hashes. The platform rewrites it after a loss of data."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def publish(self, keys: Sequence[PublishedKey]) -> None:
        """Add or replace keys. Revoked keys are removed."""
        revoked = [key.id for key in keys if key.revoked]
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            self._add(pipe, keys)
            if revoked:
                pipe.hdel(self._client.keys.api_keys, *revoked)
            await self._client.guard(pipe.execute())

    async def replace_all(self, keys: Sequence[PublishedKey]) -> None:
        """Replace all keys. A Redis that lost its last second may contain keys that were revoked in it."""
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            pipe.delete(self._client.keys.api_keys)
            self._add(pipe, keys)
            await self._client.guard(pipe.execute())

    def _add(self, pipe: Pipeline, keys: Sequence[PublishedKey]) -> None:
        valid = {key.id: key.model_dump_json() for key in keys if not key.revoked}
        if valid:
            pipe.hset(self._client.keys.api_keys, items=[part for pair in valid.items() for part in pair])

    async def find(self, key_id: str) -> PublishedKey | None:
        """Return a valid key; None if it is unknown, revoked, or its record is unreadable."""
        text: str | None = await self._client.guard(self._client.redis_py.hget(self._client.keys.api_keys, key_id))
        try:
            return None if text is None else PublishedKey.model_validate_json(text)
        except ValidationError:
            log.warning("The record of API key %s is unreadable; the key is refused", key_id)
            return None

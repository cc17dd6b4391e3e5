"""API keys as services other than their owner see them: hashes only, so that each service can tell who calls."""

import logging
from collections.abc import Sequence

from darkroom_schemas.api_key import PublishedKey
from pydantic import ValidationError
from redis.asyncio.client import Pipeline

from darkroom_redis.client import RedisClient

log = logging.getLogger(__name__)


class KeyDirectory:
    """A copy of the platform's API keys in Redis; the platform writes it again whenever Redis may have lost it."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    async def publish(self, keys: Sequence[PublishedKey]) -> None:
        """Add or replace some keys; a revoked one is removed."""
        revoked = [key.id for key in keys if key.revoked]
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            self._add(pipe, keys)
            if revoked:
                pipe.hdel(self._client.keys.api_keys, *revoked)
            await self._client.guard(pipe.execute())

    async def replace_all(self, keys: Sequence[PublishedKey]) -> None:
        """Make these the only keys: a Redis that lost its last second may hold some that were revoked in it."""
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            pipe.delete(self._client.keys.api_keys)
            self._add(pipe, keys)
            await self._client.guard(pipe.execute())

    def _add(self, pipe: Pipeline, keys: Sequence[PublishedKey]) -> None:
        valid = {key.id: key.model_dump_json() for key in keys if not key.revoked}
        if valid:
            pipe.hset(self._client.keys.api_keys, items=[part for pair in valid.items() for part in pair])

    async def find(self, key_id: str) -> PublishedKey | None:
        """Return a key that is valid now; one whose record cannot be read is not."""
        text: str | None = await self._client.guard(self._client.redis_py.hget(self._client.keys.api_keys, key_id))
        try:
            return None if text is None else PublishedKey.model_validate_json(text)
        except ValidationError:
            log.warning("The record of API key %s cannot be read; the key is refused", key_id)
            return None

"""The jobs of each named client, in Redis, so that a client finds them again after a reconnect to any replica."""

import time
from collections.abc import Sequence

from darkroom_queue import QueueClient

from queue_api.domain.subscription import MAX_JOBS

TTL_S = 86_400


class ClientJobs:
    """Implements `ClientJobStore`: stores the latest 1,000 jobs of a client, for a day after the last one."""

    def __init__(self, redis_client: QueueClient) -> None:
        self._client = redis_client

    async def add(self, owner: str, job_id: str) -> None:
        """Store a job of a client; raises `RedisUnavailable`. `owner` identifies the client and its rights."""
        key = self._key(owner)
        async with self._client.redis_py.pipeline(transaction=False) as pipe:
            pipe.zadd(key, {job_id: time.time()})
            pipe.zremrangebyrank(key, 0, -MAX_JOBS - 1)
            pipe.expire(key, TTL_S)
            await self._client.guard(pipe.execute())

    async def remove(self, owner: str, job_id: str) -> None:
        """Forget a job of a client."""
        await self._client.guard(self._client.redis_py.zrem(self._key(owner), job_id))

    async def all(self, owner: str) -> Sequence[str]:
        """Return the jobs of a client, the oldest first."""
        found: list[str] = await self._client.guard(self._client.redis_py.zrange(self._key(owner), 0, -1))
        return found

    def _key(self, owner: str) -> str:
        return self._client.keys.key(f"cj:{owner}")

"""The queue's Redis client. It runs `adopt.lua` on each server that it connects to."""

from typing import Self

from darkroom_redis.client import Greeting, RedisClient
from darkroom_redis.resolver import Location, locate
from darkroom_schemas.catalogue import CATALOGUE

from darkroom_queue.keys import Keys
from darkroom_queue.lua import load
from darkroom_queue.record import canonical

DEFAULT_LEASE_S = 12.0
_CATALOGUE_REQUIREMENTS = tuple(canonical(entry.requirements) for entry in CATALOGUE.values())
"""The requirements of the catalogue's job types. Their classes are permanent."""
_GREETING = Greeting(load("adopt"), (round(DEFAULT_LEASE_S * 1000), *_CATALOGUE_REQUIREMENTS))


class QueueClient(RedisClient):
    """A client of one shard of the queue. Its calls raise `RedisUnavailable` during an outage."""

    keys: Keys

    def __init__(self, location: Location, shard: int = 0) -> None:
        super().__init__(location, Keys(shard), _GREETING)
        self.shard = shard

    @classmethod
    async def open(cls, url: str, *, shard: int = 0) -> Self:
        """Connect to the server at `url`; `resolver.locate` lists its forms. Raises `RedisUnavailable`."""
        return await cls(locate(url), shard).greet()

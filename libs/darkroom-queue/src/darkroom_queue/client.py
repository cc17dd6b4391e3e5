"""The connection of the queue: a Redis client that greets every server with the queue's classes and leases."""

from typing import Self

from darkroom_redis.client import Greeting, RedisClient
from darkroom_redis.resolver import Location, locate
from darkroom_schemas.catalogue import CATALOGUE

from darkroom_queue.keys import Keys
from darkroom_queue.lua import load
from darkroom_queue.record import canonical

DEFAULT_LEASE_S = 12.0
_CATALOGUE_REQUIREMENTS = tuple(canonical(entry.requirements) for entry in CATALOGUE.values())
"""What steps of the catalogue's types require, unless they ask for more: their classes are never collected."""
_GREETING = Greeting(load("adopt"), (round(DEFAULT_LEASE_S * 1000), *_CATALOGUE_REQUIREMENTS))


class QueueClient(RedisClient):
    """A connection to one shard of the queue; `RedisUnavailable` during an outage."""

    keys: Keys

    def __init__(self, location: Location, shard: int = 0) -> None:
        super().__init__(location, Keys(shard), _GREETING)
        self.shard = shard

    @classmethod
    async def open(cls, url: str, *, shard: int = 0) -> Self:
        """Connect and greet the server. `resolver.locate` lists the forms of `url`."""
        return await cls(locate(url), shard).greet()

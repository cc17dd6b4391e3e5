"""A name server that fails for a while."""

from socket import EAI_AGAIN, gaierror

import pytest
from darkroom_queue import QueueClient
from darkroom_redis import RedisUnavailable
from darkroom_redis.pipelined_connection import Address
from darkroom_redis.resolver import Location, locate


class Named:
    """A server whose name cannot be resolved while `is_failing`."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self.client = location.client
        self.is_failing = False
        self.doubts: list[str] = []

    async def resolve(self, key: str) -> Address:
        if self.is_failing:
            raise gaierror(EAI_AGAIN, "Temporary failure in name resolution")
        return await self._location.resolve(key)

    def doubt(self, reason: str) -> None:
        self.doubts.append(reason)

    async def close(self) -> None:
        await self._location.close()


async def test_open_connections_outlast_a_name_server(redis_url: str) -> None:
    place = Named(locate(redis_url))
    client = await QueueClient(place).greet()
    epoch = await client.epoch()
    place.is_failing = True
    with pytest.raises(RedisUnavailable, match="gaierror"):
        await client.block("BLPOP", client.keys.key("nothing"), 0.01)
    await client.ping()
    assert await client.epoch() == epoch
    assert len(place.doubts) == 1, "the node of a cluster may be gone for good: the others must be asked where it is"
    await client.close()

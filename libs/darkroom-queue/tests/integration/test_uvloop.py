"""uvloop reports lost connections by errors of its own."""

import pytest
import uvloop
from darkroom_queue import QueueClient
from darkroom_redis import RedisUnavailable


def test_connection_that_uvloop_has_closed_counts_as_an_outage(redis_url: str) -> None:
    async def write_after_the_loss() -> None:
        link = await QueueClient.open(redis_url)
        pubsub = link.redis_py.pubsub()
        try:
            await pubsub.subscribe("one")
            assert pubsub.connection is not None
            pubsub.connection._writer.transport.abort()
            with pytest.raises(RedisUnavailable):
                await link.guard(pubsub.subscribe("two"))
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]
            await link.close()

    uvloop.run(write_after_the_loss())

"""What services run on tells of lost connections in its own way."""

import pytest
import uvloop
from darkroom_queue import QueueUnavailable, RedisLink


def test_connection_that_uvloop_has_closed_counts_as_an_outage(redis_url: str) -> None:
    async def write_after_the_loss() -> None:
        link = await RedisLink.open(redis_url)
        pubsub = link.client.pubsub()
        try:
            await pubsub.subscribe("one")
            pubsub.connection._writer.transport.abort()
            with pytest.raises(QueueUnavailable):
                await link.guard(pubsub.subscribe("two"))
        finally:
            await pubsub.aclose()
            await link.close()

    uvloop.run(write_after_the_loss())

"""Pub/sub on one connection of redis-py, whose loss is an error instead of a silent reconnect."""

from typing import Any

from redis.asyncio.client import PubSub


class OneConnectionPubSub(PubSub):
    """Fails when its connection is lost. redis-py's PubSub would reconnect in any failed call, even in two at once."""

    async def _reconnect(self, conn: Any, error: BaseException | None = None, *_: object) -> None:
        await conn.disconnect()
        raise error or ConnectionError("the connection is lost")


async def close_pubsub(pubsub: PubSub) -> None:
    """Close the connection."""
    await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves this one unannotated

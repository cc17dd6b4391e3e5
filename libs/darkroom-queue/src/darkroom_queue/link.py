"""The connection to Redis: one pool, one error for "does not answer", and an epoch for every run of the server."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Self

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, NoScriptError, ReadOnlyError, TimeoutError

from darkroom_queue.errors import QueueUnavailable
from darkroom_queue.keys import Keys
from darkroom_queue.lua_source import LuaScript, load

Arg = str | bytes | int | float
_UNREACHABLE = (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError, OSError)
ANSWER_TIMEOUT_S = 10.0
"""Above every blocking time, so that a half-open connection is noticed."""
DEFAULT_LEASE_S = 12.0
_ADOPT = load("adopt")


class RedisLink:
    """Runs the queue's scripts. Reconnects by itself; a call during an outage raises `QueueUnavailable`."""

    def __init__(self, client: "redis.Redis", shard: int = 0) -> None:
        self.client, self.keys, self.shard = client, Keys(shard), shard
        self._epoch = 0

    @classmethod
    async def open(cls, url: str, *, shard: int = 0) -> Self:
        """Connect to `url` (redis://, rediss:// or unix://) and greet the server."""
        # Nothing is retried below us: the queue's calls are safe to repeat, but only their callers know whether to.
        client = redis.Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=None,  # `guard` limits every call; redis-py's own way loses cancellations on Python 3.11
            socket_connect_timeout=3.0,
            socket_keepalive=True,
            health_check_interval=15,
            retry=Retry(NoBackoff(), 0),
        )
        link = cls(client, shard)
        try:
            await link.greet()
        except BaseException:
            await client.aclose()
            raise
        return link

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose()

    async def ping(self) -> None:
        """Raise `QueueUnavailable` unless Redis answers."""
        await self.guard(self.client.ping())

    async def guard(self, call: Awaitable[Any]) -> Any:  # Any: redis-py's types cover every mode of every reply
        """Await a call on `client`; whatever means "no answer" becomes `QueueUnavailable`."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await call
        except _UNREACHABLE as error:
            self._epoch = 0
            raise QueueUnavailable(f"Redis does not answer ({type(error).__name__})") from error

    async def epoch(self) -> int:
        """Return the epoch of the server's present run, greeting it first after a lost connection."""
        return self._epoch or await self.greet()

    async def greet(self) -> int:
        """Compare the server's run with the last one known; a new run begins a new epoch."""
        info = await self.guard(self.client.info("server"))
        self._epoch = int(await self._eval(_ADOPT, (info["run_id"], int(DEFAULT_LEASE_S * 1000))))
        return self._epoch

    async def run(self, script: LuaScript, *args: Arg) -> Any:  # Any: each stub knows what its script answers
        """Run a script on this shard, after greeting a server that was away."""
        if not self._epoch:
            await self.greet()
        return await self._eval(script, args)

    async def _eval(self, script: LuaScript, args: tuple[Arg, ...]) -> Any:
        meta = self.keys.meta
        try:
            return await self.guard(self.client.evalsha(script.sha, 1, meta, *args))
        except NoScriptError:
            return await self.guard(self.client.eval(script.source, 1, meta, *args))

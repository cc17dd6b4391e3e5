"""The Redis client: scripts use a pipelined connection, other commands redis-py. Each run of the server is an epoch."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from socket import gaierror
from typing import Any, Self

import redis.asyncio as redis
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,
    MovedError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,
    TryAgainError,
)

from darkroom_redis.errors import RedisUnavailable
from darkroom_redis.keys import SharedKeys
from darkroom_redis.pipelined_connection import ANSWER_TIMEOUT_S, PipelinedConnection, ReplyError
from darkroom_redis.resolver import Location
from darkroom_redis.script_loader import LuaScript

Arg = str | bytes | int | float
_UNREACHABLE = (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError, OSError)
_CLOSED_BY_UVLOOP = "the handler is closed"
"""End of uvloop's RuntimeError for a write to a lost connection; asyncio's event loop discards such writes."""
_MISPLACED = (MovedError, AskError, ClusterDownError, TryAgainError)
_ELSEWHERE = (
    *("MOVED", "READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "UNBLOCKED"),
    "NOREPLICAS",  # a master without its replicas, which may have elected another one
)
"""Error codes of a server that cannot serve requests now. Another server may, or this one later."""
_FULL = ("OOM", "MISCONF")
"""Error codes of a server that refuses writes until an operator intervenes, but serves reads."""
PROBE_TTL_S = 60


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first script that runs on a server. It returns the epoch of the server's current run.

    Its arguments are the server's run id and `args`.
    """

    script: LuaScript
    args: tuple[Arg, ...]


class RedisClient:
    """Runs scripts and commands on one shard. Reconnects automatically. Raises `RedisUnavailable` during an outage."""

    keys: SharedKeys

    def __init__(self, location: Location, keys: SharedKeys, greeting: Greeting) -> None:
        self.keys, self._greeting = keys, greeting
        self._location = location
        self._connection = self._new_connection()
        self._idle: list[PipelinedConnection] = []
        """Idle connections for blocking commands."""
        self._sent: set[str] = set()
        """Digests of the scripts that were sent in full on the pipelined connection, so the server has cached them."""
        self._epoch = 0
        self._closed = False

    async def greet(self) -> Self:
        """Connect and run the greeting. Closes every connection if that fails."""
        try:
            await self.epoch()
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def redis_py(self) -> "redis.Redis":
        """The redis-py client of the shard's server. Await its calls through `guard`."""
        return self._location.client

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        for connection in (self._connection, *self._idle):
            connection.close()
        self._idle.clear()
        await self._location.close()

    async def ping(self) -> None:
        """Raise `RedisUnavailable` unless Redis responds."""
        await self.command("PING")

    async def check_writes(self) -> None:
        """Raise `RedisUnavailable` unless Redis accepts writes. With a full disk or memory it serves only reads."""
        await self.command("SET", self.keys.probe, "1", "EX", PROBE_TTL_S)

    async def guard(self, call: Awaitable[Any]) -> Any:  # Any: redis-py's types cover every mode of every reply
        """Await a call on `redis_py`. Converts all errors of an outage to `RedisUnavailable`."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await call
        except _UNREACHABLE as error:
            self._epoch = 0
            if isinstance(error, OSError):  # no response within the timeout: the pipelined connection hangs, too
                raise self._unavailable(error) from error
            raise RedisUnavailable(f"Redis does not answer ({type(error).__name__})") from error
        except RuntimeError as error:
            if not str(error).endswith(_CLOSED_BY_UVLOOP):
                raise
            self._epoch = 0
            raise RedisUnavailable("Redis does not answer (the connection was lost)") from error
        except ResponseError as error:
            if not isinstance(error, _MISPLACED) and not str(error).startswith("UNBLOCKED"):
                raise
            # redis-py removes the error code from the text.
            raise self._unavailable(error, f"MOVED {error}" if isinstance(error, MovedError) else "") from error

    async def epoch(self) -> int:
        """Return the epoch of the server's current run."""
        await self._ready()
        return self._epoch

    def run(self, script: LuaScript, *args: Arg) -> Awaitable[Any]:  # Any: each stub knows its script's reply
        """Run a script on this shard. On an open connection it is sent before this returns."""
        if not self._epoch or not self._connection.connected:
            return self._connect_and_run(script, args)
        return self._evaluate(script, args)

    async def command(self, *args: Arg) -> Any:  # Any: replies differ by command
        """Run one command on the pipelined connection."""
        await self._ready()
        return await self._answer(self._send(*args))

    async def block(self, *args: Arg) -> Any:  # Any: replies differ by command
        """Run a command that blocks for up to 5 s, on a connection of its own."""
        if self._closed:
            raise RedisUnavailable("the client was closed")
        connection = self._idle.pop() if self._idle else self._new_connection()
        try:
            await connection.connect()
            reply = await connection.call(*args)
        except OSError as error:
            connection.close()
            raise self._unavailable(error) from error
        except ReplyError as error:
            connection.close()
            raise self._error_of(error) from error
        except BaseException:  # the reply to a cancelled call is still to come
            connection.close()
            raise
        self._idle.append(connection)
        return reply

    def forget_epoch(self) -> None:
        """Run the greeting again before the next call, because the server's data may have changed."""
        self._epoch = 0

    def _new_connection(self) -> PipelinedConnection:
        return PipelinedConnection(lambda: self._location.resolve(self.keys.meta))

    async def _ready(self) -> None:
        """Connect and run the greeting if necessary. A new run of the server begins a new epoch."""
        if not self._connection.connected:
            if self._closed:
                raise RedisUnavailable("the client was closed")
            self._epoch = 0
            self._sent.clear()
            try:
                await self._connection.connect()
                # Each of redis-py's idle connections to the lost server would fail once.
                await self.redis_py.connection_pool.disconnect(inuse_connections=False)
            except (OSError, ReplyError, ConnectionError, TimeoutError) as error:
                raise self._unavailable(error) from error
        if not self._epoch:
            info: str = await self._answer(self._send("INFO", "server"))
            run_id = next(line[7:] for line in info.splitlines() if line.startswith("run_id:"))
            self._epoch = int(await self._evaluate(self._greeting.script, (run_id, *self._greeting.args)))

    async def _connect_and_run(self, script: LuaScript, args: tuple[Arg, ...]) -> Any:
        await self._ready()
        return await self._evaluate(script, args)

    def _evaluate(self, script: LuaScript, args: tuple[Arg, ...]) -> Awaitable[Any]:
        """Send a script in full the first time, on the same connection, so that no EVALSHA can precede it."""
        how = ("EVALSHA", script.sha) if script.sha in self._sent else ("EVAL", script.source)
        self._sent.add(script.sha)
        return self._evaluated(script, args, self._send(*how, 1, self.keys.meta, *args))

    async def _evaluated(self, script: LuaScript, args: tuple[Arg, ...], reply: "asyncio.Future[Any]") -> Any:
        try:
            return await reply
        except OSError as error:
            raise self._unavailable(error) from error
        except ReplyError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise self._error_of(error) from error
        return await self._answer(self._send("EVAL", script.source, 1, self.keys.meta, *args))

    def _send(self, *args: Arg) -> "asyncio.Future[Any]":
        try:
            return self._connection.call(*args)
        except OSError as error:
            raise self._unavailable(error) from error

    async def _answer(self, reply: "asyncio.Future[Any]") -> Any:
        try:
            return await reply
        except OSError as error:
            raise self._unavailable(error) from error
        except ReplyError as error:
            raise self._error_of(error) from error

    def _error_of(self, error: ReplyError) -> Exception:
        """Convert an error reply. A server that cannot serve requests is disconnected, one that is full is not."""
        if str(error).startswith(_FULL):
            return RedisUnavailable(f"Redis takes no writes ({str(error).partition(' ')[0]})")
        return self._unavailable(error) if str(error).startswith(_ELSEWHERE) else error

    def _unavailable(self, error: Exception, reason: str | None = None) -> RedisUnavailable:
        self._location.doubt(str(error) if reason is None else reason)
        if not isinstance(error, gaierror):  # a failing name server says nothing about the connection that is open
            self._epoch = 0
            self._connection.close()
        return RedisUnavailable(f"Redis does not answer ({type(error).__name__})")

"""The connection to Redis: scripts on the hot connection, all else on redis-py, and an epoch for every server run."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
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
"""Its only word for a write to a connection that was lost a moment ago; asyncio's own loop writes into the void."""
_MISPLACED = (MovedError, AskError, ClusterDownError, TryAgainError)
_ELSEWHERE = (
    *("MOVED", "READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "UNBLOCKED"),
    "NOREPLICAS",  # a master that is cut off from its replicas, which may have another one by now
)
"""Error words of a server that cannot serve us now: another one may, or the same one later."""
_FULL = ("OOM", "MISCONF")
"""Error words of a server that writes nothing before an operator has seen to it, but still answers what only reads."""
PROBE_TTL_S = 60


@dataclass(frozen=True, slots=True)
class Greeting:
    """The script that runs on a server before anything else; it returns the epoch of the server's present run.

    Its arguments are the server's run id and `args`.
    """

    script: LuaScript
    args: tuple[Arg, ...]


class RedisClient:
    """Runs scripts and commands on one shard. Reconnects by itself; raises `RedisUnavailable` during an outage."""

    keys: SharedKeys

    def __init__(self, location: Location, keys: SharedKeys, greeting: Greeting) -> None:
        self.keys, self._greeting = keys, greeting
        self._location = location
        self._connection = self._new_connection()
        self._idle: list[PipelinedConnection] = []
        """Connections for commands that block; each was used before."""
        self._sent: set[str] = set()
        """Digests of the scripts that went over the hot connection as a whole; the server knows them since."""
        self._epoch = 0
        self._closed = False

    async def greet(self) -> Self:
        """Connect and greet the server; closes every connection if that fails."""
        try:
            await self.epoch()
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def redis_py(self) -> "redis.Redis":
        """The redis-py client of the shard's server; await its calls through `guard`."""
        return self._location.client

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        for connection in (self._connection, *self._idle):
            connection.close()
        self._idle.clear()
        await self._location.close()

    async def ping(self) -> None:
        """Raise `RedisUnavailable` unless Redis answers."""
        await self.command("PING")

    async def check_writes(self) -> None:
        """Raise `RedisUnavailable` unless Redis takes writes: one with a full disk or memory still answers reads."""
        await self.command("SET", self.keys.probe, "1", "EX", PROBE_TTL_S)

    async def guard(self, call: Awaitable[Any]) -> Any:  # Any: redis-py's types cover every mode of every reply
        """Await a call on `redis_py`; whatever means "no answer" becomes `RedisUnavailable`."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await call
        except _UNREACHABLE as error:
            self._epoch = 0
            if isinstance(error, OSError):  # silence for the whole time limit: the hot connection hears no more, either
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
            # redis-py takes the error word off the text.
            raise self._unavailable(error, f"MOVED {error}" if isinstance(error, MovedError) else "") from error

    async def epoch(self) -> int:
        """Return the epoch of the server's present run."""
        await self._ready()
        return self._epoch

    def run(self, script: LuaScript, *args: Arg) -> Awaitable[Any]:  # Any: each stub knows what its script answers
        """Run a script on this shard. With a connection that stands it is on its way when this returns."""
        if not self._epoch or not self._connection.connected:
            return self._connect_and_run(script, args)
        return self._evaluate(script, args)

    async def command(self, *args: Arg) -> Any:  # Any: replies differ by command
        """Run one command on the hot connection."""
        await self._ready()
        return await self._answer(self._send(*args))

    async def block(self, *args: Arg) -> Any:  # Any: replies differ by command
        """Run a command that may wait for up to five seconds, on a connection that nothing else uses meanwhile."""
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
            raise self._judge(error) from error
        except BaseException:  # a cancelled call leaves an answer behind
            connection.close()
            raise
        self._idle.append(connection)
        return reply

    def forget_epoch(self) -> None:
        """Greet the server anew before the next call: something tells that its data is not what it was."""
        self._epoch = 0

    def _new_connection(self) -> PipelinedConnection:
        return PipelinedConnection(lambda: self._location.resolve(self.keys.meta))

    async def _ready(self) -> None:
        """Connect, and greet a server that was away: another run of it than before begins a new epoch."""
        if not self._connection.connected:
            if self._closed:
                raise RedisUnavailable("the client was closed")
            self._epoch = 0
            self._sent.clear()
            try:
                await self._connection.connect()
                # redis-py's idle connections to the server that was lost would each fail once more.
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
        """Send a script whole the first time, so that no call of it can overtake the one that makes it known."""
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
                raise self._judge(error) from error
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
            raise self._judge(error) from error

    def _judge(self, error: ReplyError) -> Exception:
        """A server that cannot serve us now is left, a full one is not; any other refusal is a mistake of ours."""
        if str(error).startswith(_FULL):
            return RedisUnavailable(f"Redis takes no writes ({str(error).partition(' ')[0]})")
        return self._unavailable(error) if str(error).startswith(_ELSEWHERE) else error

    def _unavailable(self, error: Exception, reason: str | None = None) -> RedisUnavailable:
        self._epoch = 0
        self._connection.close()
        self._location.doubt(str(error) if reason is None else reason)
        return RedisUnavailable(f"Redis does not answer ({type(error).__name__})")

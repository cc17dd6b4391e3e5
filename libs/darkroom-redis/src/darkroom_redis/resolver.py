"""Finds the server of a shard: a fixed address, the master named by Sentinels, or a node of a Redis Cluster."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import redis.asyncio as redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.crc import key_slot

from darkroom_redis.pipelined_connection import CONNECT_TIMEOUT_S, Address

ASK_TIMEOUT_S = 0.5
REDIS_PORT, SENTINEL_PORT = 6379, 26379


class Location(Protocol):
    """Finds the server, for the pipelined connection and for redis-py."""

    @property
    def client(self) -> "redis.Redis":
        """The redis-py client of the server found last."""
        ...

    async def resolve(self, key: str) -> Address:
        """Return the current address of the server of `key`. Raises OSError or a redis-py error if none is found."""
        ...

    def doubt(self, reason: str) -> None:
        """Note that the server failed. `reason` is its error reply, or the text of the exception."""
        ...

    async def close(self) -> None: ...


def locate(url: str) -> Location:
    """Parse `redis://`, `rediss://`, `unix://`, `redis+sentinel://h:p,h:p/service/db` or `redis+cluster://h:p,h:p`."""
    scheme = urlsplit(url).scheme
    if scheme == "redis+sentinel":
        return _Watched(url)
    if scheme == "redis+cluster":
        return _Clustered(url)
    return _Fixed(url)


def _options() -> dict[str, Any]:
    """Return the options of redis-py. Retries are disabled, because only the caller knows whether to repeat a call."""
    return {
        "decode_responses": True,
        "encoding_errors": "replace",  # the queue writes UTF-8 only; other bytes must not end the connection
        # `RedisClient.guard` has a timeout for every call; redis-py's loses cancellations on Python 3.11.
        "socket_timeout": None,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": 15,
        "retry": Retry(NoBackoff(), 0),
    }


class _Fixed:
    """A fixed address."""

    def __init__(self, url: str) -> None:
        parts = parse_url(url)
        self._address = Address(
            host=parts.get("host", "127.0.0.1"),
            port=parts.get("port", REDIS_PORT),
            path=parts.get("path"),
            tls=_tls(parts) if url.startswith("rediss:") else None,
            username=parts.get("username"),
            password=parts.get("password"),
            db=int(parts.get("db", 0)),
        )
        self.client = redis.Redis.from_url(url, **_options())

    async def resolve(self, key: str) -> Address:  # noqa: ARG002 - all keys are on this server
        return self._address

    def doubt(self, reason: str) -> None:
        """Do nothing: there is no other address."""

    async def close(self) -> None:
        await self.client.aclose()


def _tls(parts: Mapping[str, Any]) -> ssl.SSLContext:
    """Create a context from the URL parameters of redis-py, so that both kinds of connection use the same options."""
    context = ssl.create_default_context(cafile=parts.get("ssl_ca_certs"), capath=parts.get("ssl_ca_path"))
    if certificate := parts.get("ssl_certfile"):
        context.load_cert_chain(certificate, parts.get("ssl_keyfile"), parts.get("ssl_password"))
    verifies = parts.get("ssl_cert_reqs", "required") != "none"
    context.check_hostname = verifies and str(parts.get("ssl_check_hostname", True)).lower() not in {"false", "0", "no"}
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    return context


def hosts_of(netloc: str, port: int) -> list[tuple[str, int]]:
    """Parse `h:p,[::1]:p,h`. `port` is the default."""
    hosts = [urlsplit(f"//{part}") for part in netloc.rpartition("@")[2].split(",")]
    return [(host.hostname or "127.0.0.1", host.port or port) for host in hosts]


def _login(url: str) -> dict[str, Any]:
    parts = urlsplit(url.partition(",")[0])
    return {
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }


class _Watched:
    """The master named by the Sentinels."""

    def __init__(self, url: str) -> None:
        _, _, rest = url.partition("://")
        netloc, _, path = rest.partition("/")
        self._service, _, db = path.partition("/")
        if not self._service:
            raise ValueError("REDIS_URL: name the Sentinels' service, as in redis+sentinel://host:26379/service")
        self._login, self._db = _login(url), int(db or 0)
        self._sentinel = Sentinel(  # type: ignore[no-untyped-call]  # redis-py leaves it unannotated
            hosts_of(netloc, SENTINEL_PORT), sentinel_kwargs={"socket_connect_timeout": 1.0, "socket_timeout": 1.0}
        )
        self.client = self._sentinel.master_for(self._service, db=self._db, **self._login, **_options())

    async def resolve(self, key: str) -> Address:  # noqa: ARG002 - all keys are on the master
        host, port = await self._sentinel.discover_master(self._service)
        return Address(host, port, username=self._login["username"], password=self._login["password"], db=self._db)

    def doubt(self, reason: str) -> None:
        """Do nothing: each connection queries the Sentinels."""

    async def close(self) -> None:
        await self.client.aclose()
        for sentinel in self._sentinel.sentinels:
            await sentinel.aclose()


class _Clustered:
    """The cluster node that serves a key's slot. All keys of a shard share one slot, so one node is sufficient."""

    def __init__(self, url: str) -> None:
        self._seeds = hosts_of(url.partition("://")[2].partition("/")[0], REDIS_PORT)
        self._login = _login(url)
        self._node: tuple[str, int] | None = None
        self._doubted = True
        self._clients: dict[tuple[str, int], redis.Redis] = {}

    @property
    def client(self) -> "redis.Redis":
        return self._client_of(self._node or self._seeds[0])

    async def resolve(self, key: str) -> Address:
        if self._node is None or self._doubted:
            self._node = await self._owner(key_slot(key.encode()))
            self._doubted = False
        host, port = self._node
        return Address(host, port, username=self._login["username"], password=self._login["password"])

    def doubt(self, reason: str) -> None:
        """Query the cluster before the next connection, unless `reason` is a MOVED error with the new address."""
        words = reason.split()
        self._doubted = words[:1] != ["MOVED"]
        if not self._doubted:
            host, _, port = words[2].rpartition(":")
            self._node = (host, int(port))

    async def _owner(self, slot: int) -> tuple[str, int]:
        last: Exception = OSError("no node of the cluster is known")
        for seed in [*self._clients, *self._seeds]:
            try:
                async with asyncio.timeout(ASK_TIMEOUT_S):  # leaves time for the other nodes
                    ranges = await self._client_of(seed).execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]  # likewise
            except (redis.RedisError, OSError) as error:
                last = error
                continue
            for first, final, master, *_ in _as_ranges(ranges):
                if first <= slot <= final:
                    return (str(master[0]) or seed[0], int(master[1]))
        raise last

    def _client_of(self, node: tuple[str, int]) -> "redis.Redis":
        if node not in self._clients:
            self._clients[node] = redis.Redis(host=node[0], port=node[1], **self._login, **_options())
        return self._clients[node]

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()


def _as_ranges(answer: Any) -> list[list[Any]]:
    """Normalize the reply to CLUSTER SLOTS, which redis-py may parse into a mapping."""
    if isinstance(answer, dict):
        return [[first, final, list(nodes["primary"])] for (first, final), nodes in answer.items()]
    return list(answer)

"""What a Redis server says about itself: its version, its policies, its clock. Needs only the rights of a service."""

from dataclasses import dataclass

from darkroom_redis.client import RedisClient


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The facts of one server at one time."""

    server: str
    """Its name and version, such as `Valkey 9.1.2`."""
    protocol_version: tuple[int, ...]
    """The version of Redis whose commands it knows."""
    eviction_policy: str
    appends: bool
    """Whether it writes an append-only file."""
    last_write_failed: bool
    memory_bytes: int
    memory_limit_bytes: int
    """`maxmemory`; 0 means no limit."""
    time_s: float
    """Its clock, in seconds since 1970."""


async def read_facts(client: RedisClient) -> ServerFacts:
    """Ask the server. Raises `RedisUnavailable`."""
    redis = client.redis_py
    info: dict[str, str | int | float] = {}
    for section in ("server", "memory", "persistence"):
        info |= await client.guard(redis.info(section))
    seconds, micros = await client.guard(redis.time())
    version = str(info["redis_version"])
    valkey = info.get("valkey_version")
    return ServerFacts(
        server=f"Valkey {valkey}" if valkey else f"Redis {version}",
        protocol_version=tuple(int(part) for part in version.split(".") if part.isdecimal()),
        eviction_policy=str(info["maxmemory_policy"]),
        appends=bool(int(info["aof_enabled"])),
        last_write_failed=info.get("aof_last_write_status") == "err",
        memory_bytes=int(info["used_memory"]),
        memory_limit_bytes=int(info["maxmemory"]),
        time_s=seconds + micros / 1e6,
    )

"""What `doctor` says about a Redis server."""

import time
from typing import Protocol

from darkroom_chassis.doctor import Finding, clock, error, ok, warning

OLDEST = (7, 0)
FULL_SHARE, NEARLY_FULL_SHARE = 0.95, 0.8


class RedisFacts(Protocol):
    """What a server says about itself; implemented by `darkroom_redis.facts.ServerFacts`."""

    @property
    def server(self) -> str: ...
    @property
    def protocol_version(self) -> tuple[int, ...]: ...
    @property
    def eviction_policy(self) -> str: ...
    @property
    def appends(self) -> bool: ...
    @property
    def last_write_failed(self) -> bool: ...
    @property
    def memory_bytes(self) -> int: ...
    @property
    def memory_limit_bytes(self) -> int: ...
    @property
    def time_s(self) -> float: ...


def redis_findings(facts: RedisFacts) -> list[Finding]:
    """Judge a server."""
    return [
        _version(facts),
        _policy(facts),
        _persistence(facts),
        _memory(facts),
        clock("redis", facts.time_s, time.time()),
    ]


def _version(facts: RedisFacts) -> Finding:
    if facts.protocol_version >= OLDEST:
        return ok("redis", facts.server)
    return error("redis", f"{facts.server} is older than Redis 7.0", "Upgrade to Redis 7.0 or Valkey 7.2, or newer.")


def _policy(facts: RedisFacts) -> Finding:
    if facts.eviction_policy == "noeviction":
        return ok("redis", "maxmemory-policy is noeviction")
    return error(
        "redis",
        f"maxmemory-policy is {facts.eviction_policy}: a full server would delete jobs",
        "Set `maxmemory-policy noeviction` in the server's configuration.",
    )


def _persistence(facts: RedisFacts) -> Finding:
    if not facts.appends:
        return warning(
            "redis",
            "the append-only file is off: a restart forgets what waits and runs",
            "Set `appendonly yes` and `appendfsync everysec`.",
        )
    if facts.last_write_failed:
        return error("redis", "the last write of the append-only file failed", "Free disk space on the Redis server.")
    return ok("redis", "the append-only file is written")


def _memory(facts: RedisFacts) -> Finding:
    used = f"{facts.memory_bytes / 2**20:.0f} MiB are used"
    if not facts.memory_limit_bytes:
        return warning("redis", f"{used}, and maxmemory is not set", "Set `maxmemory` below the memory of its machine.")
    share = facts.memory_bytes / facts.memory_limit_bytes
    message = f"{used} of {facts.memory_limit_bytes / 2**20:.0f} MiB"
    if share >= FULL_SHARE:
        return error("redis", message, "Raise `maxmemory`; see the entry RedisMemory of docs/runbook.md.")
    if share >= NEARLY_FULL_SHARE:
        return warning("redis", message, "Raise `maxmemory`; see the entry RedisMemory of docs/runbook.md.")
    return ok("redis", message)

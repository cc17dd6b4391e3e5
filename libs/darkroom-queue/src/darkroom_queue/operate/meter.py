"""Measures the queue as a whole, for metrics. Costs the same few commands whatever the depth of the queue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from darkroom_queue.client import QueueClient
from darkroom_queue.log.entries import parse_place


@dataclass(frozen=True, slots=True)
class Measurement:
    """The state of a shard and of its server at one time."""

    leases: int
    """Running steps under a lease."""
    overdue_leases: int
    """Leases whose deadline has passed and which nothing has swept yet."""
    log_entries: int
    reader_lag_s: Mapping[str, float]
    """By named reader of the log: the age of what it has read, compared with the latest event, in seconds."""
    memory_bytes: int
    memory_limit_bytes: int
    """`maxmemory` of the server; 0 means no limit."""


class Meter:
    """Measures one shard."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    async def measure(self) -> Measurement:
        """Read the numbers. Raises `RedisUnavailable`."""
        keys, redis = self._client.keys, self._client.redis_py
        now_s, micros = await self._client.guard(redis.time())
        now_ms = now_s * 1000 + micros // 1000
        async with redis.pipeline(transaction=False) as pipe:
            pipe.zcard(keys.leases)
            pipe.zcount(keys.leases, "-inf", now_ms)
            pipe.xlen(keys.log)
            pipe.hget(keys.meta, "last")
            pipe.hgetall(keys.readers)
            pipe.info("memory")
            leases, overdue, entries, last, readers, memory = await self._client.guard(pipe.execute())
        last_ms = parse_place(last or "0-0")[0]
        return Measurement(
            leases=leases,
            overdue_leases=overdue,
            log_entries=entries,
            reader_lag_s={name: _lag_s(last_ms, report) for name, report in readers.items()},
            memory_bytes=_number(memory, "used_memory"),
            memory_limit_bytes=_number(memory, "maxmemory"),
        )


def _lag_s(last_ms: int, report: str) -> float:
    position_ms = report.partition("\t")[0]
    return max(0, last_ms - int(position_ms)) / 1000 if position_ms.isdecimal() else 0.0


def _number(info: Mapping[str, Any], name: str) -> int:  # Any: redis-py parses each field as it likes
    return int(info.get(name, 0))

"""The last hour in ten-second buckets, as `IndexWriter` counts it."""

from collections.abc import Mapping
from dataclasses import dataclass

from darkroom_queue.client import QueueClient

BUCKET_MS = 10_000
BUCKETS = 360
_COMPLETED_OF = "c:"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Counts of ten seconds. `waiting` and `busy_workers` are those of its beginning; None if nobody counted them."""

    at_ms: int
    submitted: int = 0
    started: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    waiting: int | None = None
    busy_workers: int | None = None
    completed_by_type: Mapping[str, int] | None = None


class Series:
    """Reads the series of one shard."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    async def read(self, *, buckets: int = BUCKETS, now_ms: int | None = None) -> list[Bucket]:
        """Return the buckets up to that of `now_ms` (None: of the Redis clock), the oldest first."""
        if now_ms is None:
            seconds, _ = await self._client.command("TIME")
            now_ms = int(seconds) * 1000
        last = now_ms // BUCKET_MS
        numbers = range(last - buckets + 1, last + 1)
        async with self._client.redis_py.pipeline(transaction=False) as pipe:
            for number in numbers:
                pipe.hgetall(self._client.keys.key(f"sr:{number}"))
            stored: list[dict[str, str]] = await self._client.guard(pipe.execute())
        return [_bucket(number * BUCKET_MS, counts) for number, counts in zip(numbers, stored, strict=True)]


def _bucket(at_ms: int, stored: Mapping[str, str]) -> Bucket:
    counts = {name: int(float(value)) for name, value in stored.items()}
    return Bucket(
        at_ms=at_ms,
        submitted=counts.get("submitted", 0),
        started=counts.get("started", 0),
        completed=counts.get("completed", 0),
        failed=counts.get("failed", 0),
        cancelled=counts.get("cancelled", 0),
        waiting=max(0, counts["waiting"]) if "waiting" in counts else None,
        busy_workers=counts.get("busy"),
        completed_by_type={
            name.removeprefix(_COMPLETED_OF): count for name, count in counts.items() if name.startswith(_COMPLETED_OF)
        },
    )

"""Number of waiting steps: the queue's counters, read at most once a second, plus steps that are not yet queued."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from darkroom_chassis.availability import Availability, ServerUnavailable
from darkroom_chassis.short_cache import ShortCache
from darkroom_queue import QueueDepth

MAX_AGE_S = 1.0
IN_OUTBOX = "(outbox)"


class QueueBacklog:
    """Implements `Backlog`. May count a step twice for a moment, but never misses one, so that a limit holds."""

    def __init__(
        self, depth: Callable[[], Awaitable[QueueDepth]], waiting: Callable[[], Awaitable[int]], redis: Availability
    ) -> None:
        self._depth, self._waiting, self._redis = depth, waiting, redis
        self._cache: ShortCache[Mapping[str, int]] = ShortCache(self._read, {}, max_age_s=MAX_AGE_S)
        self._accepted: Counter[str] = Counter()

    async def queued(self) -> Mapping[str, int]:
        return Counter(await self._cache.get()) + self._accepted

    def add(self, step_type: str) -> None:
        self._accepted[step_type] += 1

    async def _read(self, previous: Mapping[str, int]) -> Mapping[str, int]:
        counted = self._accepted.copy()
        # In this order: a step that is relayed in between is counted twice, not missed.
        in_outbox = await self._waiting()
        try:
            depth = await self._redis.ask(self._depth)
        except ServerUnavailable:  # use the last known depth, plus the steps accepted since
            return previous
        self._accepted -= counted
        return depth.queued_by_type | {IN_OUTBOX: in_outbox}

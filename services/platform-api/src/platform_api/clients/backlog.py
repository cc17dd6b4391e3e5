"""How many steps wait: the queue's counters, asked at most once a second, plus what has not reached it yet."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from darkroom_chassis.availability import Availability, ServerAway
from darkroom_queue import QueueDepth

FRESH_S = 1.0
NOT_HANDED_OVER = "(outbox)"


class QueueBacklog:
    """Implements `Backlog`. Counts a step twice for a moment rather than miss it, so that a limit holds."""

    def __init__(
        self, depth: Callable[[], Awaitable[QueueDepth]], waiting: Callable[[], Awaitable[int]], redis: Availability
    ) -> None:
        self._depth, self._waiting, self._redis = depth, waiting, redis
        self._known: Mapping[str, int] = {}
        self._accepted: Counter[str] = Counter()
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def queued(self) -> Mapping[str, int]:
        if self._is_old():
            async with self._asking:
                if self._is_old():
                    await self._ask()
        return Counter(self._known) + self._accepted

    def add(self, step_type: str) -> None:
        self._accepted[step_type] += 1

    def _is_old(self) -> bool:
        return asyncio.get_running_loop().time() - self._asked_at > FRESH_S

    async def _ask(self) -> None:
        counted = self._accepted.copy()
        # In this order: a step that is handed over in between is seen twice, not never.
        not_handed_over = await self._waiting()
        with suppress(ServerAway):  # then the last known depth counts, and what was accepted since
            depth = await self._redis.ask(self._depth)
            self._known = depth.queued_by_type | {NOT_HANDED_OVER: not_handed_over}
            self._accepted -= counted
        self._asked_at = asyncio.get_running_loop().time()

"""A value that is refreshed at most once in a period, however many callers ask for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")
Refresh = Callable[[Value], Awaitable[Value]]
"""Returns the new value. Takes the previous one, which it may return during an outage."""


class ShortCache(Generic[Value]):
    """Caches a value for `max_age_s` seconds. Concurrent callers share one refresh.

    An exception of a refresh is raised to its caller; the next caller tries again.
    """

    def __init__(self, refresh: Refresh[Value], initial: Value, *, max_age_s: float) -> None:
        self._refresh, self._value, self._max_age_s = refresh, initial, max_age_s
        self._initial = initial
        self._refreshed_at = float("-inf")
        self._refreshing = asyncio.Lock()

    async def get(self) -> Value:
        """Return the value, refreshed if it is too old."""
        if self._is_old():
            async with self._refreshing:
                if self._is_old():
                    self._value = await self._refresh(self._value)
                    self._refreshed_at = asyncio.get_running_loop().time()
        return self._value

    def forget(self) -> None:
        """Let the next call refresh the value, from the initial one: what was known is out of date."""
        self._value, self._refreshed_at = self._initial, float("-inf")

    def _is_old(self) -> bool:
        return asyncio.get_running_loop().time() - self._refreshed_at > self._max_age_s

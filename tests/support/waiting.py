"""A bounded wait for a condition, for the places where the thing under test offers no signal to await.

Another process, a database row or a remote queue can only be asked. Inside one process await an event instead.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL_S = 0.02


async def until(question: Callable[[], Awaitable[T | None]], timeout_s: float = 10.0, every_s: float = INTERVAL_S) -> T:
    """Ask until the answer is truthy and return it; TimeoutError after the bound.

    Where requests are limited, such as those of one user, ask rarely: `every_s`.
    """
    async with asyncio.timeout(timeout_s):
        while not (answer := await question()):  # noqa: ASYNC110 - nothing outside this process sets an event
            await asyncio.sleep(every_s)
        return answer

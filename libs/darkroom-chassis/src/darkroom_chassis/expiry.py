"""Deletes rows that have expired: idempotency keys, sessions, counters."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from darkroom_chassis.logs import get_logger

log = get_logger(__name__)
EVERY_S = 600.0


async def expire_regularly(expiring: Mapping[str, Callable[[], Awaitable[int]]]) -> None:
    """Delete what has expired every ten minutes, for ever; each function returns how much that was."""
    while True:
        for what, expire in expiring.items():
            if deleted := await expire():
                log.info("Expired rows deleted", what=what, count=deleted)
        await asyncio.sleep(EVERY_S)

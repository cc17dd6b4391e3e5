"""Deletes rows that have expired: idempotency keys, sessions, counters."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from darkroom_chassis.logs import get_logger

log = get_logger(__name__)
EVERY_S = 600.0


async def expire_regularly(expiring: Mapping[str, Callable[[], Awaitable[int]]]) -> None:
    """Call the functions every 10 minutes until cancelled. Each deletes its expired rows and returns their number."""
    while True:
        for what, expire in expiring.items():
            if deleted := await expire():
                log.info("Expired rows deleted", what=what, count=deleted)
        await asyncio.sleep(EVERY_S)

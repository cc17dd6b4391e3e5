"""Forgets what is only kept for a while."""

import asyncio
from collections.abc import Awaitable, Callable

from darkroom_chassis.logs import get_logger

log = get_logger(__name__)
EVERY_S = 600.0


async def expire_idempotency_keys(expire: Callable[[], Awaitable[int]]) -> None:
    """Delete expired idempotency keys every ten minutes, for ever."""
    while True:
        deleted = await expire()
        if deleted:
            log.info("Idempotency keys expired", count=deleted)
        await asyncio.sleep(EVERY_S)

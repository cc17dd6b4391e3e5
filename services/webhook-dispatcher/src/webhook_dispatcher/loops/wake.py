"""Finds due deliveries that woke no queue, such as those that a dispatcher of the previous release stored."""

import asyncio

from webhook_dispatcher.domain.ports import DueDeliveries

EVERY_S = 60.0


async def wake_regularly(deliveries: DueDeliveries) -> None:
    """Wake the queues with forgotten deliveries every minute until cancelled."""
    while True:
        await deliveries.wake()
        await asyncio.sleep(EVERY_S)

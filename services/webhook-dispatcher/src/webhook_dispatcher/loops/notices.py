"""Sends notices about endpoints that were disabled to the other endpoints of their tenants."""

import asyncio

from webhook_dispatcher.domain.ports import DisabledNotices

EVERY_S = 1.0


async def send_notices(notices: DisabledNotices, arrived: asyncio.Event) -> None:
    """Store due notices every second until cancelled, and set `arrived` for their delivery."""
    while True:
        if await notices.send():
            arrived.set()
        await asyncio.sleep(EVERY_S)

"""Finds LoRAs that appear or disappear while the worker runs."""

import asyncio
from collections.abc import Callable

from darkroom_chassis.logs import get_logger

log = get_logger(__name__)


class LoraRefresh:
    """Calls `scan` in a thread every `every_s` seconds, and `on_change` after a scan that returned True."""

    def __init__(self, scan: Callable[[], bool], on_change: Callable[[], None], *, every_s: float = 60.0) -> None:
        self._scan, self._on_change, self._every_s = scan, on_change, every_s

    async def run(self) -> None:
        """Scan until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            if await asyncio.to_thread(self._scan):
                log.info("The LoRAs of this worker have changed; it registers again")
                self._on_change()

"""Stops claiming while the object store refuses outputs, and finds out when it takes them again."""

import asyncio
from collections.abc import Awaitable, Callable

from darkroom_chassis.logs import get_logger

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import HoldName, Holds

log = get_logger(__name__)


class StoreHealth:
    """Implements `StoreWatch`. An attempt keeps its files and its lease, and uploads them again by itself.

    An upload that gave up leaves the hold in force, so a loop writes a probe with exponential backoff.
    """

    def __init__(self, *holds: Holds, first_pause_s: float = 1.0, longest_pause_s: float = 60.0) -> None:
        self._holds = holds
        self._first_pause_s, self._longest_pause_s = first_pause_s, longest_pause_s
        self._refuses = asyncio.Event()

    def refused(self, reason: str) -> None:
        """Hold claims until an upload or a probe succeeds."""
        for holds in self._holds:
            holds.hold(HoldName.OBJECT_STORE, reason)
        self._refuses.set()

    def accepted(self) -> None:
        """End the hold, if there is one."""
        for holds in self._holds:
            holds.release(HoldName.OBJECT_STORE)
        self._refuses.clear()

    async def run(self, probe: Callable[[], Awaitable[None]]) -> None:
        """Probe the store while it refuses; `probe` raises a Failure if it does. Runs until cancelled."""
        while True:
            await self._refuses.wait()
            pause_s = self._first_pause_s
            while self._refuses.is_set():
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, self._longest_pause_s)
                try:
                    await probe()
                except Failure as failure:
                    log.warning("The object store still refuses objects", reason=failure.message, next_s=pause_s)
                else:
                    self.accepted()

"""A signal between coroutines: there is work, no need to look in vain."""

import asyncio


class Wakeup:
    """Remembers that it was rung until somebody waited for it."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout_s: float) -> bool:
        """Return True when it was rung, False after the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True

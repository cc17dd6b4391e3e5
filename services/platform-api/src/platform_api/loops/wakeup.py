"""A wake-up signal between coroutines: there is work, so that the receiver need not poll."""

import asyncio


class Wakeup:
    """Stores one signal until the next `wait`."""

    def __init__(self) -> None:
        self._signal = asyncio.Event()

    def wake(self) -> None:
        self._signal.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a signal and return True, or return False after the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._signal.wait()
        except TimeoutError:
            return False
        self._signal.clear()
        return True

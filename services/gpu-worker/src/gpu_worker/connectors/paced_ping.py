"""Pings that spare servers on the internet, which count requests."""

import time
from collections.abc import Awaitable, Callable

_SPARED_S = 30.0


class PacedPing:
    """Asks a server by `ask`: each time over http://, and over https:// at most every 30 s while it answers."""

    def __init__(self, url: str, ask: Callable[[], Awaitable[object]]) -> None:
        self._ask = ask
        self._every_s = _SPARED_S if url.startswith("https://") else 0.0
        self._answered_at = -_SPARED_S

    async def __call__(self) -> None:
        """Ask unless the last answer is recent; raises what `ask` raises."""
        if time.monotonic() - self._answered_at >= self._every_s:
            await self._ask()
            self._answered_at = time.monotonic()

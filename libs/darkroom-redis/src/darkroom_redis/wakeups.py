"""Wakeups between processes: one signals that there is work, another one blocks until then.

A wakeup is a hint. It may be lost in an outage, so the process that does the work also looks for it from time to time.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from darkroom_redis.client import RedisClient
from darkroom_redis.errors import RedisUnavailable
from darkroom_redis.script_loader import load_script

_WAKE = load_script("darkroom_redis", "wake")
TOKEN_LIFETIME_MS = 60_000
BLOCK_S = 5


class WakeupSender:
    """Wakes the process that receives `name`. Calls while one is in flight are merged into the next one."""

    def __init__(self, client: RedisClient, name: str) -> None:
        self._client, self._name = client, name
        self._pending = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Send a wakeup without waiting for it."""
        self._pending = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self._pending:
            self._pending = False
            with suppress(RedisUnavailable):
                await self._client.run(_WAKE, self._name, TOKEN_LIFETIME_MS)


class WakeupReceiver:
    """Calls a function for each wakeup that it takes; of several receivers of a name, one takes it."""

    def __init__(self, client: RedisClient, on_wakeup: Mapping[str, Callable[[], None]]) -> None:
        self._client = client
        self._on_wakeup = {client.keys.wakeup(name): function for name, function in on_wakeup.items()}

    async def run(self) -> None:
        """Receive until cancelled; raises `RedisUnavailable` in an outage."""
        while True:
            taken = await self._client.block("BLPOP", *self._on_wakeup, BLOCK_S)
            if taken is not None:
                self._on_wakeup[taken[0]]()

"""Finds out whether a back end answers, and what it offers."""

import asyncio
from collections.abc import Callable

from darkroom_chassis.logs import get_logger
from darkroom_chassis.probes import NotReady

from gpu_worker.domain.backend import Backend, Discovery
from gpu_worker.domain.failures import ConnectorNotReady
from gpu_worker.metrics import BACKEND_UP

log = get_logger(__name__)
PING_EVERY_S = 3.0
PING_TIMEOUT_S = 4.0
DISCOVER_EVERY_S = 60.0
DISCOVER_TIMEOUT_S = 30.0
GIVE_UP_AFTER_S = 5.0
"""Together with two unanswered pings, at most 15 s until a dead back end is out of the registry."""


class BackendWatch:
    """Implements `Availability` for one back end.

    `on_change` is called when the back end offers something else than before, so that its worker registers again.
    """

    def __init__(self, backend_id: str, backend: Backend, *, ping_every_s: float = PING_EVERY_S) -> None:
        self._id, self._backend, self._ping_every_s = backend_id, backend, ping_every_s
        self._up, self._down = asyncio.Event(), asyncio.Event()
        self._down.set()
        self._reason = "it has not been asked yet"
        self._discovered_at = 0.0
        self.discovery = Discovery()
        self.on_change: Callable[[], None] = lambda: None
        BACKEND_UP.labels(backend_id).set(0)

    @property
    def state(self) -> str:
        """Return `ready`, or why the back end is not."""
        return "ready" if self._up.is_set() else self._reason

    async def run(self) -> None:
        """Ask the back end until cancelled."""
        while True:
            try:
                await self._ask()
            except ConnectorNotReady as problem:
                self._lost(str(problem))
            await asyncio.sleep(self._ping_every_s)

    async def check(self) -> None:
        """Raise NotReady while the back end does not answer."""
        if not self._up.is_set():
            raise NotReady(self._reason)

    async def available(self) -> None:
        """Wait until the back end answers and its offer is known."""
        await self._up.wait()

    async def missing_for(self, seconds: float) -> None:
        """Wait until the back end has not answered for this long without a break."""
        while True:
            await self._down.wait()
            try:
                async with asyncio.timeout(seconds):
                    await self._up.wait()
            except TimeoutError:
                return

    async def _ask(self) -> None:
        now = asyncio.get_running_loop().time()
        try:
            if not self._up.is_set() or now - self._discovered_at >= DISCOVER_EVERY_S:
                async with asyncio.timeout(DISCOVER_TIMEOUT_S):
                    found = await self._backend.discover()
                self._discovered_at = now
                self._found(found)
            else:
                async with asyncio.timeout(PING_TIMEOUT_S):
                    await self._backend.ping()
        except TimeoutError:
            raise ConnectorNotReady("it does not answer in time") from None

    def _found(self, found: Discovery) -> None:
        changed = _registered(found) != _registered(self.discovery)
        self.discovery = found
        if not self._up.is_set():
            log.info("A back end answers", backend=self._id, version=found.version, models=len(found.models))
            self._down.clear()
            self._up.set()
            BACKEND_UP.labels(self._id).set(1)
        elif changed:
            log.info("A back end offers something else than before", backend=self._id, models=len(found.models))
            self.on_change()

    def _lost(self, reason: str) -> None:
        if self._up.is_set() or reason != self._reason:
            log.warning("A back end is not available", backend=self._id, reason=reason)
        self._reason = reason
        self._up.clear()
        self._down.set()
        BACKEND_UP.labels(self._id).set(0)


def _registered(found: Discovery) -> tuple[object, ...]:
    """Return the part of an offer that the registry shows."""
    return found.models, found.custom_nodes, found.vram_bytes, found.device, found.version

"""Reasons for which the worker claims no steps. Steps in progress continue and keep their leases."""

import asyncio
from collections.abc import Callable

from darkroom_chassis.logs import get_logger
from darkroom_chassis.probes import NotReady

from gpu_worker.domain.ports import HoldName
from gpu_worker.metrics import CLAIMS_HELD

log = get_logger(__name__)


class ClaimHolds:
    """Implements `Holds`. While there is a hold, readiness fails with its reason."""

    def __init__(self) -> None:
        self._reasons: dict[HoldName, str] = {}
        self._none = asyncio.Event()
        self._none.set()
        self._listeners: list[Callable[[], None]] = []
        for name in HoldName:
            CLAIMS_HELD.labels(name).set(0)

    def call_on_hold(self, listener: Callable[[], None]) -> None:
        """Call `listener` for each hold, before `hold` returns, so that no turn still to be sent claims a step."""
        self._listeners.append(listener)

    def hold(self, name: HoldName, reason: str) -> None:
        """Claim no steps until `release`."""
        if self._reasons.get(name) != reason:
            log.error("The worker takes no steps", hold=name, reason=reason)
        self._reasons[name] = reason
        self._none.clear()
        CLAIMS_HELD.labels(name).set(1)
        for listener in self._listeners:
            listener()

    def release(self, name: HoldName) -> None:
        """End a hold, if there is one; steps are claimed once there is none."""
        if self._reasons.pop(name, None) is None:
            return
        log.info("A reason to take no steps is gone", hold=name)
        CLAIMS_HELD.labels(name).set(0)
        if not self._reasons:
            self._none.set()

    def holds(self, name: HoldName) -> bool:
        """Return whether this hold is in force."""
        return name in self._reasons

    async def none(self) -> None:
        """Wait until there is no hold."""
        await self._none.wait()

    def check(self) -> None:
        """Raise NotReady with the reasons while there is a hold."""
        if self._reasons:
            raise NotReady("; ".join(f"{name}: {reason}" for name, reason in self._reasons.items()))

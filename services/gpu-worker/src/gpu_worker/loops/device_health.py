"""Stops claiming when the device keeps failing, and takes one step on trial after a pause."""

import asyncio
from collections.abc import Callable

from darkroom_chassis.logs import get_logger

from gpu_worker.domain.circuit_breaker import Circuit, CircuitBreaker
from gpu_worker.domain.ports import HoldName, Holds

log = get_logger(__name__)


class DeviceHealth:
    """Implements `StepOutcomes`: feeds the circuit breaker, and holds claims while it is open.

    `on_recovered` is called when a step on trial has succeeded.
    """

    def __init__(self, breaker: CircuitBreaker, holds: Holds) -> None:
        self._breaker, self._holds = breaker, holds
        self._timer: asyncio.TimerHandle | None = None
        self.on_recovered: Callable[[], None] = lambda: None

    @property
    def is_on_trial(self) -> bool:
        """Return whether only one step at a time may be taken."""
        return self._breaker.state is Circuit.HALF_OPEN

    def succeeded(self) -> None:
        """Record a completed step."""
        recovered = self.is_on_trial
        self._breaker.succeeded()
        if recovered:
            log.info("A step on trial succeeded; the worker takes steps as before")
            self.on_recovered()

    def failed(self, reason: str) -> None:
        """Record a step that failed for an unforeseen reason."""
        self._breaker.failed(reason)
        self._hold_while_open()

    def lost(self, reason: str) -> None:
        """Record the loss of a GPU process that was ready."""
        self._breaker.lost(reason)
        self._hold_while_open()

    def _hold_while_open(self) -> None:
        if self._timer is not None or self._breaker.state is not Circuit.OPEN:
            return
        pause_s = self._breaker.pause_s
        self._holds.hold(HoldName.DEVICE, f"{self._breaker.reason}; a step is tried after {pause_s:.0f} s")
        self._timer = asyncio.get_running_loop().call_later(pause_s, self._try_again)

    def _try_again(self) -> None:
        self._timer = None
        if self._breaker.state is Circuit.OPEN:  # a timer may fire a little before the clock says so
            self._timer = asyncio.get_running_loop().call_later(self._breaker.pause_s + 0.001, self._try_again)
            return
        self._holds.release(HoldName.DEVICE)

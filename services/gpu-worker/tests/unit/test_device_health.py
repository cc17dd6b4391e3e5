"""Claims are held while the circuit is open, and taken up again by themselves."""

import asyncio

from gpu_worker.domain.circuit_breaker import BreakerLimits, CircuitBreaker
from gpu_worker.domain.ports import HoldName
from gpu_worker.loops.claim_holds import ClaimHolds
from gpu_worker.loops.device_health import DeviceHealth


def make_health(pause_s: float) -> tuple[DeviceHealth, ClaimHolds]:
    holds = ClaimHolds()
    limits = BreakerLimits(first_pause_s=pause_s, longest_pause_s=pause_s)
    return DeviceHealth(CircuitBreaker(asyncio.get_running_loop().time, limits), holds), holds


async def test_claims_are_held_from_the_third_failure_on() -> None:
    health, holds = make_health(3600)
    for _ in range(2):
        health.failed("no")
    assert not holds.holds(HoldName.DEVICE)
    health.failed("no")
    assert holds.holds(HoldName.DEVICE)
    assert not health.is_on_trial


async def test_after_the_pause_one_step_is_on_trial_and_its_success_ends_it() -> None:
    health, holds = make_health(0.01)
    recovered = asyncio.Event()
    health.on_recovered = recovered.set
    for _ in range(3):
        health.lost("signal 11")
    assert holds.holds(HoldName.DEVICE)
    async with asyncio.timeout(5):
        await holds.none()
    assert health.is_on_trial
    assert not recovered.is_set()
    health.succeeded()
    assert recovered.is_set()
    assert not health.is_on_trial


async def test_a_failure_on_trial_holds_claims_again_before_it_is_reported() -> None:
    health, holds = make_health(0.01)
    for _ in range(3):
        health.failed("no")
    async with asyncio.timeout(5):
        await holds.none()
    drained: list[bool] = []
    holds.call_on_hold(lambda: drained.append(True))
    health.failed("no")
    assert holds.holds(HoldName.DEVICE)
    assert drained == [True]
    async with asyncio.timeout(5):
        await holds.none()

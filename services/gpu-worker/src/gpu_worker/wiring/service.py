"""The composition root of the service process. Nothing that it imports imports torch."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from darkroom_chassis.logs import get_logger
from darkroom_chassis.loops import LoopSupervisor
from darkroom_chassis.probes import NotReady
from darkroom_redis import RedisUnavailable

from gpu_worker.backends.backend_list import BackendList
from gpu_worker.loops.claim_holds import ClaimHolds
from gpu_worker.loops.steps import StepLoop
from gpu_worker.loops.store_health import StoreHealth
from gpu_worker.models.profile import Profile
from gpu_worker.settings import WorkerSettings
from gpu_worker.wiring.backends import BackendWorker, start_backends
from gpu_worker.wiring.foundation import open_foundation
from gpu_worker.wiring.local_worker import start_local_worker

log = get_logger(__name__)

Check = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Running:
    """The running workers of a process, by their readiness checks."""

    checks: Mapping[str, Check]
    details: Mapping[str, Callable[[], Mapping[str, str]]]
    """The state of each model and of each back end in words."""


@asynccontextmanager
async def assemble(settings: WorkerSettings, profile: Profile, listed: BackendList) -> AsyncIterator[Running]:
    """Connect and start the loops. On exit, steps in progress get `drain_s` to finish, then return to the queue."""
    log.info("Starting a worker", worker_id=settings.id, profile=profile.name, note=profile.note)
    async with AsyncExitStack() as stack:
        holds, backend_holds = ClaimHolds(), ClaimHolds()
        loops = LoopSupervisor((RedisUnavailable,))
        foundation = await stack.enter_async_context(
            open_foundation(settings, StoreHealth(holds, backend_holds), loops)
        )
        checks: dict[str, Check] = {
            "redis": foundation.queue.ping,
            "objects": foundation.uploads.check,
            "loops": loops.check,
        }
        details: dict[str, Callable[[], Mapping[str, str]]] = {}
        step_loops = []
        if settings.connectors:
            local = await start_local_worker(settings, profile, foundation, holds, loops)
            checks |= local.checks
            details["models"] = local.models
            step_loops.append(local.steps)
        backends = await start_backends(listed, settings, foundation, backend_holds, loops, stack)
        step_loops += [worker.steps for worker in backends]
        if backends:
            details["backends"] = lambda: {worker.entry.id: worker.watch.state for worker in backends}
            if not settings.connectors:
                checks["backends"] = lambda: _check_any(backends)
        await stack.enter_async_context(loops)
        stack.push_async_callback(foundation.deletions.settle)
        stack.push_async_callback(_drain_all, step_loops, settings.drain_s)
        yield Running(checks, details)


async def _check_any(backends: Sequence[BackendWorker]) -> None:
    """Raise NotReady unless a back end answers: a process is of use while one does."""
    states = {worker.entry.id: worker.watch.state for worker in backends}
    if "ready" not in states.values():
        raise NotReady("; ".join(f"{backend}: {state}" for backend, state in states.items()))


async def _drain_all(step_loops: Sequence[StepLoop], grace_s: float) -> None:
    async with asyncio.TaskGroup() as draining:
        for steps in step_loops:
            draining.create_task(steps.drain(grace_s))

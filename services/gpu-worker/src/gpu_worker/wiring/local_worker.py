"""The worker of this machine: Darkroom's own pipelines in a GPU process, and simulated work."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from darkroom_chassis.loops import LoopSupervisor
from darkroom_chassis.probes import NotReady
from darkroom_queue import Consumer
from darkroom_schemas.catalogue import Connector as ConnectorName
from darkroom_schemas.ids import WorkerId
from darkroom_schemas.worker import WorkerInfo

from gpu_worker import VERSION
from gpu_worker.connectors.local import LocalConnector
from gpu_worker.connectors.simulated.connector import SimulatedConnector
from gpu_worker.domain.circuit_breaker import CircuitBreaker
from gpu_worker.domain.failures import ConnectorNotReady
from gpu_worker.domain.model_states import ModelStates
from gpu_worker.domain.ports import Connector
from gpu_worker.domain.step_router import StepRouter
from gpu_worker.loops.claim_holds import ClaimHolds
from gpu_worker.loops.device_health import DeviceHealth
from gpu_worker.loops.lora_refresh import LoraRefresh
from gpu_worker.loops.model_supply import ModelSupply
from gpu_worker.loops.steps import AlwaysAvailable, Availability, DeviceWithModels, StepHandler, StepLoop
from gpu_worker.models.lora_folder import LoraFolder
from gpu_worker.models.profile import Profile
from gpu_worker.runtime.device_watch import DeviceWatch
from gpu_worker.runtime.gpu_child import ChildTimeouts, GpuChild
from gpu_worker.runtime.messages import Ready
from gpu_worker.settings import WorkerSettings
from gpu_worker.wiring.foundation import Foundation
from gpu_worker.wiring.profiles import make_setup, obtain_for
from gpu_worker.wiring.registration import capabilities

Check = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class LocalWorker:
    """The running worker, by its loop of steps, its readiness checks and the states of its models."""

    steps: StepLoop
    checks: Mapping[str, Check]
    models: Callable[[], Mapping[str, str]]


async def start_local_worker(
    settings: WorkerSettings, profile: Profile, foundation: Foundation, holds: ClaimHolds, loops: LoopSupervisor
) -> LocalWorker:
    """Build the worker and add its loops."""
    health = DeviceHealth(CircuitBreaker(time.monotonic), holds)
    watch = DeviceWatch(health.lost)
    states = ModelStates(profile.models if ConnectorName.LOCAL in settings.connectors else ())
    loras = LoraFolder(settings.lora_folder, settings.models_dir / "digests.json")
    connectors: list[Connector] = []
    gate: Availability = AlwaysAvailable()
    if ConnectorName.LOCAL in settings.connectors:
        child = GpuChild(make_setup(settings, profile), watch, _timeouts(settings))
        supply = ModelSupply(_in_order(profile), states, obtain_for(settings, profile), child.add_model)
        watch.on_refused = supply.unavailable
        for name, loop in (
            ("gpu_child", child.keep_alive),
            ("model_files", supply.fetch),
            ("model_starts", supply.add),
        ):
            loops.add(name, loop)
        connectors.append(LocalConnector(child, profile, foundation.storage, health, states, loras))
        gate = DeviceWithModels(child, states)
        await asyncio.to_thread(loras.scan)
    if ConnectorName.SIMULATED in settings.connectors:
        connectors.append(SimulatedConnector(foundation.storage, faults=settings.simulated_faults))
    router = StepRouter(connectors)

    def make_consumer() -> Consumer:
        info = _worker_info(settings, profile, router, watch.device)
        if health.is_on_trial:
            info = info.model_copy(update={"concurrency": 1})
        return foundation.consumer(info, StepHandler(router, settings.id), resident=lambda: watch.models)

    steps = StepLoop(make_consumer, gate, holds, give_up_after_s=settings.child_patience_s)
    health.on_recovered = states.on_ready = steps.renew
    loops.add("steps", steps.run)
    if ConnectorName.LOCAL in settings.connectors:
        loops.add("loras", LoraRefresh(loras.scan, steps.renew).run)
    checks: dict[str, Check] = {connector.name: partial(_check_connector, connector) for connector in connectors}
    return LocalWorker(steps, checks | {"steps": steps.check}, states.describe)


async def _check_connector(connector: Connector) -> None:
    """Let `/readyz` show why a connector is not ready."""
    try:
        await connector.check()
    except ConnectorNotReady as error:
        raise NotReady(str(error)) from error


def _in_order(profile: Profile) -> tuple[str, ...]:
    """Return the models in the order in which they are obtained: those to preload first."""
    return tuple(dict.fromkeys((*profile.preload, *profile.models)))


def _timeouts(settings: WorkerSettings) -> ChildTimeouts:
    return ChildTimeouts(
        start_s=settings.start_timeout_s,
        silence_s=settings.silence_s,
        stall_s=settings.stall_s,
        stop_s=settings.stop_grace_s,
    )


def _worker_info(settings: WorkerSettings, profile: Profile, router: StepRouter, device: Ready | None) -> WorkerInfo:
    return WorkerInfo(
        worker_id=WorkerId(settings.id),
        incarnation=uuid.uuid4().hex,
        machine_id=settings.machine_id,
        capabilities=capabilities(settings, profile, router, device),
        concurrency=settings.concurrency,
        version=VERSION,
        gpu=None if device is None else device.device_name,
        profile=profile.name,
    )

"""The composition root of the service process. Nothing that it imports imports torch."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from darkroom_chassis.logs import get_logger
from darkroom_chassis.loops import LoopSupervisor
from darkroom_chassis.probes import NotReady
from darkroom_queue import Consumer, QueueClient
from darkroom_redis import RedisUnavailable
from darkroom_schemas.catalogue import Connector as ConnectorName
from darkroom_schemas.ids import WorkerId
from darkroom_schemas.worker import WorkerInfo

from gpu_worker import VERSION
from gpu_worker.connectors.local import LocalConnector
from gpu_worker.connectors.simulated import SimulatedConnector
from gpu_worker.domain.circuit_breaker import CircuitBreaker
from gpu_worker.domain.failures import ConnectorNotReady
from gpu_worker.domain.memory.card import CPU
from gpu_worker.domain.model_states import ModelStates
from gpu_worker.domain.ports import Connector
from gpu_worker.domain.step_router import StepRouter
from gpu_worker.loops.claim_holds import ClaimHolds
from gpu_worker.loops.device_health import DeviceHealth
from gpu_worker.loops.lora_refresh import LoraRefresh
from gpu_worker.loops.model_supply import ModelSupply, Obtain
from gpu_worker.loops.object_deletions import ObjectDeletions
from gpu_worker.loops.steps import AlwaysAvailable, DeviceWithModels, StepHandler, StepLoop
from gpu_worker.loops.store_health import StoreHealth
from gpu_worker.models.files import ModelFiles
from gpu_worker.models.lora_folder import LoraFolder
from gpu_worker.models.obtain import obtain
from gpu_worker.models.profile import Profile, on_cpu
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.models.registry import TinySource
from gpu_worker.models.transfer import Cancellation, Report
from gpu_worker.runtime.device_watch import DeviceWatch
from gpu_worker.runtime.gpu_child import ChildTimeouts, GpuChild
from gpu_worker.runtime.messages import MemoryPlan, Ready, Setup
from gpu_worker.settings import ModelSettings, WorkerSettings
from gpu_worker.store.objects import ObjectUploads, open_store
from gpu_worker.store.spool import SpoolFolders
from gpu_worker.wiring.registration import capabilities

log = get_logger(__name__)

_GIB = 1024**3
Check = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Running:
    """A running worker, by its readiness checks."""

    checks: Mapping[str, Check]
    models: Callable[[], Mapping[str, str]]
    """Returns the state of each model in words."""


@asynccontextmanager
async def assemble(settings: WorkerSettings, profile: Profile) -> AsyncIterator[Running]:
    """Connect and start the loops. On exit, steps in progress get `drain_s` to finish, then return to the queue."""
    log.info("Starting a worker", worker_id=settings.id, profile=profile.name, note=profile.note)
    async with AsyncExitStack() as stack:
        holds = ClaimHolds()
        store_health = StoreHealth(holds)
        store = open_store(settings.object_store_url)
        uploads = ObjectUploads(store, store_health, patience_s=settings.upload_patience_s)
        redis_client = await QueueClient.open(settings.redis_url)
        stack.push_async_callback(redis_client.close)
        health = DeviceHealth(CircuitBreaker(time.monotonic), holds)
        watch = DeviceWatch(health.lost)
        deletions = ObjectDeletions(uploads)
        loops = LoopSupervisor((RedisUnavailable,))
        loops.add("object_deletions", deletions.run)
        loops.add("object_store", partial(store_health.run, uploads.probe))
        loras = LoraFolder(settings.lora_folder, settings.models_dir / "digests.json")
        states = ModelStates(profile.models if ConnectorName.LOCAL in settings.connectors else ())
        child: GpuChild | None = None
        connectors: list[Connector] = []
        if ConnectorName.LOCAL in settings.connectors:
            child = GpuChild(make_setup(settings, profile), watch, _timeouts(settings))
            loops.add("gpu_child", child.keep_alive)
            supply = ModelSupply(_in_order(profile), states, obtain_for(settings, profile), child.add_model)
            watch.on_refused = supply.unavailable
            loops.add("model_files", supply.fetch)
            loops.add("model_starts", supply.add)
            spool = SpoolFolders(settings.spool_dir)
            spool.remove_stale()
            connectors.append(LocalConnector(child, profile, uploads, spool.folder, deletions, health, states, loras))
            await asyncio.to_thread(loras.scan)
        if ConnectorName.SIMULATED in settings.connectors:
            connectors.append(SimulatedConnector())
        router = StepRouter(connectors)

        def make_consumer() -> Consumer:
            info = _worker_info(settings, profile, router, watch.device)
            if health.is_on_trial:
                info = info.model_copy(update={"concurrency": 1})
            handler = StepHandler(router, settings.id)
            heartbeat_s = settings.lease_s / 3
            return Consumer(
                redis_client, info, handler, lease_s=settings.lease_s, heartbeat_s=heartbeat_s,
                resident=lambda: watch.models, on_refused=deletions.discard_refused,
            )  # fmt: skip

        gate = AlwaysAvailable() if child is None else DeviceWithModels(child, states)
        steps = StepLoop(make_consumer, gate, holds, give_up_after_s=settings.child_patience_s)
        health.on_recovered = states.on_ready = steps.renew
        loops.add("steps", steps.run)
        if child is not None:
            loops.add("loras", LoraRefresh(loras.scan, steps.renew).run)
        await stack.enter_async_context(loops)
        stack.push_async_callback(deletions.settle)
        stack.push_async_callback(steps.drain, settings.drain_s)
        checks: dict[str, Check] = {"redis": redis_client.ping, "objects": uploads.check, "loops": loops.check}
        checks |= {connector.name: partial(_check_connector, connector) for connector in connectors}
        yield Running(checks | {"steps": steps.check}, states.describe)


async def _check_connector(connector: Connector) -> None:
    """Let `/readyz` show why a connector is not ready."""
    try:
        await connector.check()
    except ConnectorNotReady as error:
        raise NotReady(str(error)) from error


def _in_order(profile: Profile) -> tuple[str, ...]:
    """Return the models in the order in which they are obtained: those to preload first."""
    return tuple(dict.fromkeys((*profile.preload, *profile.models)))


def obtain_for(settings: ModelSettings, profile: Profile) -> Obtain:
    """Return what obtains the files of a model. Tiny ones are built by the GPU process, since this one has no torch."""

    def obtain_files(name: str, report: Report, cancellation: Cancellation) -> ModelFiles | None:
        entry = profile.models[name]
        if isinstance(entry.source, TinySource):
            return None
        return obtain(entry, settings.models_dir, report, cancellation)

    return obtain_files


def read_profile(settings: ModelSettings) -> Profile:
    """Read the profile that the settings name; raises RegistryError."""
    profile = load_profile(
        settings.profile,
        models_file=settings.models_file,
        sdxl_checkpoint=settings.sdxl_checkpoint,
        only=settings.models,
        preload=settings.preload,
    )
    return on_cpu(profile) if settings.device == CPU else profile


def limit_bytes(settings: ModelSettings) -> int | None:
    """Return GPU_WORKER_MEMORY_GB in bytes."""
    return None if settings.memory_gb is None else int(settings.memory_gb * _GIB)


def make_setup(settings: ModelSettings, profile: Profile) -> Setup:
    """Return the first message to the GPU process."""
    memory = MemoryPlan(
        budget_gb=settings.memory_gb,
        offload=settings.offload,
        max_batch=settings.max_batch,
        vae_tiling=settings.vae_tiling,
    )
    gpu = None if settings.device == CPU else settings.device
    return Setup(profile=profile, models_dir=settings.models_dir, models={}, memory=memory, gpu=gpu)


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

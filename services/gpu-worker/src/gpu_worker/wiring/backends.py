"""The workers of external back ends: one in the registry for each, so that a lost one takes only its own work away."""

import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from darkroom_chassis.loops import LoopSupervisor
from darkroom_outbound import OutboundPolicy
from darkroom_queue import Consumer
from darkroom_schemas.ids import WorkerId
from darkroom_schemas.worker import Capabilities, WorkerInfo

from gpu_worker import VERSION
from gpu_worker.backends.backend_list import BackendList
from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.build import build_backend
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Backend, BackendSteps, Discovery
from gpu_worker.loops.backend_watch import GIVE_UP_AFTER_S, BackendWatch
from gpu_worker.loops.claim_holds import ClaimHolds
from gpu_worker.loops.steps import StepHandler, StepLoop
from gpu_worker.settings import WorkerSettings
from gpu_worker.wiring.foundation import Foundation

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class BackendWorker:
    """One back end's watch and its loop of steps."""

    entry: BackendEntry
    watch: BackendWatch
    steps: StepLoop


async def start_backends(
    listed: BackendList,
    settings: WorkerSettings,
    foundation: Foundation,
    holds: ClaimHolds,
    loops: LoopSupervisor,
    stack: AsyncExitStack,
) -> Sequence[BackendWorker]:
    """Build a worker for each back end and add its loops; the connections close with `stack`."""
    outbound = OutboundPolicy(settings.allowed_networks, settings.allowed_hosts)
    workers = []
    for entry in listed.backends:
        worker_id = WorkerId(f"{settings.id}@{entry.id}")
        backend = build_backend(entry, Tools(foundation.storage, listed.credentials, worker_id, outbound))
        stack.push_async_callback(backend.close)
        watch = BackendWatch(entry.id, backend)
        steps = _step_loop(entry, worker_id, backend, watch, settings, foundation, holds)
        watch.on_change = steps.renew
        loops.add(f"backend:{entry.id}", watch.run)
        loops.add(f"steps:{entry.id}", steps.run)
        workers.append(BackendWorker(entry, watch, steps))
    return workers


def _step_loop(
    entry: BackendEntry,
    worker_id: WorkerId,
    backend: Backend,
    watch: BackendWatch,
    settings: WorkerSettings,
    foundation: Foundation,
    holds: ClaimHolds,
) -> StepLoop:
    steps = BackendSteps(entry.type.value, backend)

    def make_consumer() -> Consumer:
        info = WorkerInfo(
            worker_id=worker_id,
            incarnation=uuid.uuid4().hex,
            machine_id=settings.machine_id,
            capabilities=_capabilities(entry, backend, watch.discovery),
            concurrency=entry.concurrency,
            version=VERSION,
            gpu=watch.discovery.device,
        )
        return foundation.consumer(info, StepHandler(steps, worker_id))

    return StepLoop(make_consumer, watch, holds, give_up_after_s=GIVE_UP_AFTER_S)


def _capabilities(entry: BackendEntry, backend: Backend, found: Discovery) -> Capabilities:
    return Capabilities(
        types=tuple(sorted(backend.types)),
        models=tuple(sorted(entry.offered(found.models))),
        custom_nodes=tuple(sorted(found.custom_nodes)),
        tags=entry.tags,
        vram_gb=round((found.vram_bytes or 0) / _GIB),
        backends=entry.names,
    )

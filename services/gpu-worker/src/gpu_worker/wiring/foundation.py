"""What all workers of a process share: the queue, the object store, and what is deleted there."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from darkroom_chassis.loops import LoopSupervisor
from darkroom_queue import Consumer, QueueClient
from darkroom_schemas.worker import WorkerInfo

from gpu_worker.connectors.attempt import Storage
from gpu_worker.loops.object_deletions import ObjectDeletions
from gpu_worker.loops.steps import StepHandler
from gpu_worker.loops.store_health import StoreHealth
from gpu_worker.settings import WorkerSettings
from gpu_worker.store.objects import ObjectUploads, open_store
from gpu_worker.store.spool import SpoolFolders


@dataclass(frozen=True, slots=True)
class Foundation:
    """The connections of a process, and what its workers store with."""

    queue: QueueClient
    uploads: ObjectUploads
    deletions: ObjectDeletions
    storage: Storage
    lease_s: float

    def consumer(
        self, info: WorkerInfo, handler: StepHandler, *, resident: Callable[[], Iterable[str]] = tuple
    ) -> Consumer:
        """Return what takes the steps of one worker from the queue."""
        return Consumer(
            self.queue, info, handler, lease_s=self.lease_s, heartbeat_s=self.lease_s / 3, resident=resident,
            on_refused=self.deletions.discard_refused,
        )  # fmt: skip


@asynccontextmanager
async def open_foundation(
    settings: WorkerSettings, store_health: StoreHealth, loops: LoopSupervisor
) -> AsyncIterator[Foundation]:
    """Connect to the queue and the object store, and add the loops that look after the store."""
    async with AsyncExitStack() as stack:
        uploads = ObjectUploads(
            open_store(settings.object_store_url), store_health, patience_s=settings.upload_patience_s
        )
        queue = await QueueClient.open(settings.redis_url)
        stack.push_async_callback(queue.close)
        deletions = ObjectDeletions(uploads)
        loops.add("object_deletions", deletions.run)
        loops.add("object_store", partial(store_health.run, uploads.probe))
        spool = SpoolFolders(settings.spool_dir)
        spool.remove_stale()
        yield Foundation(queue, uploads, deletions, Storage(uploads, spool.folder, deletions), settings.lease_s)

"""What WebSockets need of the queue and of the process's readers of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from darkroom_schemas.channels import WorkerState
from darkroom_schemas.events import Event
from darkroom_schemas.ids import StepId, TenantId, WorkerId
from darkroom_schemas.worker import WorkerInfo

from queue_api.domain.frame_buffer import FrameBuffer
from queue_api.domain.frames import Frame, Message
from queue_api.domain.progress import LatestProgress
from queue_api.domain.subscription import JobFacts


@dataclass(frozen=True, slots=True)
class KnownWorker:
    """A live worker and its latest status."""

    info: WorkerInfo
    status: WorkerState


@dataclass(frozen=True, slots=True)
class KnownJob:
    """The owner of a job, and its properties; None if the queue does not have the job any more."""

    tenant: TenantId | None
    facts: JobFacts


class ProgressSource(Protocol):
    """Sends the progress of all steps to every reader."""

    def subscribe(self) -> LatestProgress:
        """Add a reader."""
        ...

    def unsubscribe(self, reader: LatestProgress) -> None:
        """Remove a reader."""
        ...


class FleetSource(Protocol):
    """Knows the live workers, and sends messages about workers and machines to every reader."""

    @property
    def workers(self) -> Mapping[WorkerId, KnownWorker]: ...

    def subscribe(self) -> FrameBuffer:
        """Add a reader."""
        ...

    def unsubscribe(self, reader: FrameBuffer) -> None:
        """Remove a reader."""
        ...


class FrameSource(Protocol):
    """Returns the frames of an event, made once for all connections; raises `RedisUnavailable`."""

    async def of(self, event: Event) -> tuple[Frame, ...]: ...


class Directory(Protocol):
    """Looks up jobs; raises `RedisUnavailable`."""

    async def get(self, step_id: StepId) -> KnownJob: ...


class ClientJobStore(Protocol):
    """Stores the jobs of named clients; raises `RedisUnavailable`. `owner` identifies a client and its rights."""

    async def add(self, owner: str, job_id: str) -> None: ...

    async def remove(self, owner: str, job_id: str) -> None: ...

    async def all(self, owner: str) -> Sequence[str]:
        """Return the jobs of a client, the oldest first."""
        ...


class StateSource(Protocol):
    """Reads the state of queue and fleet; raises `RedisUnavailable`."""

    async def stats(self) -> Message:
        """Return `system_stats`."""
        ...

    async def snapshot(self) -> Message:
        """Return `full_state_snapshot`."""
        ...

"""What WebSockets need of the queue and of the process's readers of it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from darkroom_schemas.channels import WorkerState
from darkroom_schemas.events import Event
from darkroom_schemas.ids import JobId, StepId, TenantId, WorkerId
from darkroom_schemas.worker import WorkerInfo

from queue_api.domain.frame_buffer import FrameBuffer
from queue_api.domain.frames import Frame, Message
from queue_api.domain.groups.overdue import Clocks
from queue_api.domain.groups.record import GroupCursor, GroupRecord
from queue_api.domain.progress import LatestProgress
from queue_api.domain.subscription import JobFacts

OUTPUTS_PATH = "/api/outputs"
"""Path of signed links to outputs."""


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
    """Sends the progress of all steps to every reader, and knows the latest of each."""

    def doing(self, step_ids: Iterable[StepId]) -> dict[str, str | None]:
        """Return what steps reported last that they do; steps that reported nothing are left out."""
        ...

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

    def used(self) -> AbstractContextManager[None]:
        """Count a connection while it follows events."""
        ...

    def ready(self, event: Event) -> tuple[Frame, ...] | None:
        """Return the frames if they are made already."""
        ...

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


class Groups(Protocol):
    """Stores groups; raises `RedisUnavailable`."""

    async def add(self, record: GroupRecord, request: str, fingerprint: str) -> str | None:
        """Store a group; returns None, or the fingerprint of the request that stored this id before."""
        ...

    async def get(self, group_id: JobId) -> GroupRecord | None: ...

    async def cancel(self, record: GroupRecord, at_ms: int) -> GroupRecord:
        """Mark a group as cancelled."""
        ...

    async def request(self, group_id: JobId) -> str | None:
        """Return the request of a group as JSON; None once all children are in the queue."""
        ...

    async def all_submitted(self, group_id: JobId) -> None:
        """Record that all children are in the queue."""
        ...

    async def clocks(self, group_id: JobId, begun: Clocks) -> Clocks:
        """Record when the time of children began, unless that is known, and return what is known of all."""
        ...

    async def ended(self, group_id: JobId) -> None:
        """Record that the end of a group was reported."""
        ...

    async def page(self, limit: int, after: GroupCursor | None) -> tuple[list[GroupRecord], GroupCursor | None]:
        """Return groups, the latest first, and the cursor of the next page; None on the last one."""
        ...

    async def active(self, limit: int, offset: int = 0) -> list[JobId]:
        """Return groups whose end was not reported, the oldest first."""
        ...

    async def count_active(self) -> int: ...


class GroupMover(Protocol):
    """Submits and cancels children of a group as its state asks for; raises `RedisUnavailable`."""

    async def advance(self, group_id: JobId) -> None: ...


class OutputReader(Protocol):
    """Signs links to stored outputs, and reads them."""

    def url(self, key: str) -> str | None:
        """Return a link that is valid for a day; None if this service cannot read the object store."""
        ...

    def allows(self, key: str, expires: int, signature: str) -> bool:
        """Whether a link is valid now."""
        ...

    async def open(self, key: str) -> tuple[int, AsyncIterator[bytes]] | None:
        """Return the size and the bytes of an object; None if there is none."""
        ...


class StateSource(Protocol):
    """Reads the state of queue and fleet; raises `RedisUnavailable`."""

    async def stats(self) -> Message:
        """Return `system_stats`."""
        ...

    async def snapshot(self) -> Message:
        """Return `full_state_snapshot`."""
        ...

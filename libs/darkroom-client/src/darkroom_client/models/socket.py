"""Messages of queue-api's WebSockets. Unknown types are `QueueMessage`; unknown members are ignored.

The AsyncAPI document of queue-api is the source: `proto-schemas/asyncapi/queue-api.json`.
"""

import json
from typing import Any, ClassVar

from darkroom_client.models.answer import Answer

__all__ = [
    "Acknowledgement",
    "ChildCompleted",
    "ChildFailed",
    "ChildMessage",
    "ChildProgress",
    "ConnectorStatusChanged",
    "FullState",
    "Greeting",
    "GroupComplete",
    "GroupState",
    "JobAccepted",
    "JobCancelled",
    "JobCompleted",
    "JobFailed",
    "JobMessage",
    "JobProgress",
    "JobState",
    "JobStatusChanged",
    "JobSubmitted",
    "MachineMessage",
    "QueueMessage",
    "Refusal",
    "Reset",
    "ResyncResponse",
    "ServerDisconnect",
    "Subscribed",
    "SystemStats",
    "WorkerMessage",
    "read_message",
]
Json = dict[str, Any]
_READERS: dict[str, type["QueueMessage"]] = {}


class QueueMessage(Answer):
    """Any message. `timestamp` is in Unix milliseconds, `event_id` the position after it, `id` that of a request."""

    types: ClassVar[tuple[str, ...]] = ()
    """The types that a class reads."""
    type: str
    timestamp: int
    event_id: str | None = None
    id: str | int | None = None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        _READERS.update(dict.fromkeys(cls.types, cls))


class Greeting(QueueMessage):
    """The first message of a socket."""

    types = ("connected", "connection_established")
    monitor_id: str | None = None
    client_id: str | None = None


class Reset(QueueMessage):
    """Events may be missing: read the state again."""

    types = ("reset",)
    state: Json


class ServerDisconnect(QueueMessage):
    """The server is stopping. `reconnect_after` is in milliseconds."""

    types = ("server_disconnect",)
    reason: str
    reconnect_after: int


class Acknowledgement(QueueMessage):
    """A response without further content."""

    types = ("pong", "heartbeat_ack")


class Refusal(QueueMessage):
    """A message was not valid, or was refused. `error_code` is stable."""

    types = ("error",)
    error: str
    error_code: str
    details: Json | None = None


class Subscribed(QueueMessage):
    """The topics of the connection, and the number of jobs."""

    types = ("subscribed",)
    topics: tuple[str, ...]
    jobs: int
    job_id: str | None = None


class SystemStats(QueueMessage):
    """Numbers of workers and jobs."""

    types = ("system_stats",)
    stats: dict[str, int]


class FullState(QueueMessage):
    """The state of the whole system, with up to 200 jobs of each state."""

    types = ("full_state_snapshot",)
    workers: tuple[Json, ...]
    machines: tuple[Json, ...]
    jobs: dict[str, tuple[Json, ...]]
    system_stats: dict[str, int]


class ResyncResponse(QueueMessage):
    """Past messages, in their order."""

    types = ("resync_response",)
    events: tuple[Json, ...]
    has_more: bool
    last_event_id: str | None
    oldest_available_timestamp: int | None


class JobMessage(QueueMessage):
    """A message about a job. `workflow_id` is its workflow, or its group."""

    job_id: str
    workflow_id: str | None = None
    worker_id: str | None = None


class JobAccepted(JobMessage):
    """A job was submitted by this connection."""

    types = ("job_accepted",)
    status: str
    position: int
    estimated_start: int | None


class JobSubmitted(JobMessage):
    """A job waits."""

    types = ("job_submitted",)
    job_data: Json


class JobStatusChanged(JobMessage):
    """The status of a job changed. `error` and `retry_at` come with a retry."""

    types = ("job_status_changed", "job_assigned")
    old_status: str
    new_status: str
    assigned_at: int | None = None
    error: Json | None = None
    retry_at: int | None = None
    attempt: int | None = None


class JobProgress(JobMessage):
    """Live progress in percent: not repeated after a reconnect."""

    types = ("update_job_progress",)
    progress: float
    step_progress: float
    status: str
    message: str | None = None
    current_step: int | None = None
    total_steps: int | None = None


class JobCompleted(JobMessage):
    """A job has completed, or has failed after `JobFailed`: `result.status` says which."""

    types = ("complete_job",)
    result: Json
    completed_at: int

    @property
    def succeeded(self) -> bool:
        """Whether the job has completed."""
        return bool(self.result.get("status") == "success")


class JobFailed(JobMessage):
    """A job failed, or exceeded its time limit; `complete_job` follows."""

    types = ("job_failed", "job_timeout")
    error: str
    failed_at: int


class JobCancelled(JobMessage):
    """A job was cancelled; with `outcome`, the response to a cancellation."""

    types = ("job_cancelled",)
    error: str | None = None
    failed_at: int | None = None
    outcome: str | None = None


class JobState(JobMessage):
    """The state of a job that was asked for."""

    types = ("response_job_status",)
    status: str
    progress: float | None
    started_at: int | None
    completed_at: int | None
    position: int | None
    estimated_completion: int | None
    error: str | None


class WorkerMessage(QueueMessage):
    """A worker came, went, or became busy or idle."""

    types = ("worker_connected", "worker_disconnected", "worker_status_changed")
    worker_id: str
    machine_id: str | None = None
    worker_data: Json | None = None
    old_status: str | None = None
    new_status: str | None = None
    current_job_id: str | None = None
    reason: str | None = None


class ConnectorStatusChanged(QueueMessage):
    """An external back end came or went."""

    types = ("connector_status_changed",)
    connector_id: str
    service_type: str | None
    worker_id: str
    status: str


class MachineMessage(QueueMessage):
    """A machine came, changed or went."""

    types = (
        "machine_startup", "machine_startup_complete", "machine_status_updated", "machine_shutdown",
        "machine_disconnected",
    )  # fmt: skip
    machine_id: str
    phase: str | None = None
    status_data: Json | None = None
    reason: str | None = None


class GroupState(QueueMessage):
    """The state of a job group: the first message of its socket."""

    types = ("initial_state",)
    job_group_id: str
    status: str
    child_jobs: tuple[Json, ...]


class ChildMessage(QueueMessage):
    """A child of a group."""

    job_id: str
    backend_id: str | None


class ChildProgress(ChildMessage):
    """Live progress of a child in percent."""

    types = ("child_progress",)
    progress: float
    current_step: str | None = None
    steps_completed: int | None = None
    steps_total: int | None = None


class ChildCompleted(ChildMessage):
    """A child has completed."""

    types = ("child_completed",)
    seed: int
    outputs: Json
    completed_at: str


class ChildFailed(ChildMessage):
    """A child failed, exceeded its time, or was cancelled: `type` says which."""

    types = ("child_failed", "child_timeout", "child_cancelled")
    error: str | None = None
    error_type: str | None = None
    failed_at: str | None = None
    timeout_seconds: float | None = None
    timed_out_at: str | None = None
    reason: str | None = None
    cancelled_at: str | None = None


class GroupComplete(QueueMessage):
    """All children of a group have ended."""

    types = ("group_complete",)
    job_group_id: str
    status: str
    total: int
    succeeded: int
    failed: int
    cancelled: int
    results: tuple[Json, ...]


def read_message(text: str | bytes) -> QueueMessage:
    """Parse a frame; raises ValueError if it is not a message."""
    message = json.loads(text)
    kind = message.get("type") if isinstance(message, dict) else None
    return _READERS.get(str(kind), QueueMessage).model_validate(message)

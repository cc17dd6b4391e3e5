"""Responses to messages of clients, and statistics."""

from typing import Any, Literal

from queue_api.domain.frames import Topic
from queue_api.domain.server_messages.base import EXAMPLE_EVENT, EXAMPLE_JOB, EXAMPLE_MS, Answer, Ms, Part, example_of
from queue_api.domain.server_messages.fleet import EXAMPLE_WORKER, WorkerData
from queue_api.domain.server_messages.jobs import JobStatusName

_STATS = {
    "total_workers": 1, "active_workers": 0, "total_jobs": 3, "pending_jobs": 1, "active_jobs": 0, "completed_jobs": 2,
    "failed_jobs": 0, "cancelled_jobs": 0,
}  # fmt: skip


class HeartbeatAck(Answer):
    """Response to `heartbeat`."""

    model_config = example_of("heartbeat_ack", server_timestamp=EXAMPLE_MS, events_missed=0)

    type: Literal["heartbeat_ack"]
    server_timestamp: Ms
    events_missed: int


class Subscribed(Answer):
    """The topics and the number of jobs that the connection is subscribed to. `job_id` repeats that of the request."""

    model_config = example_of("subscribed", topics=["jobs", "workers"], jobs=1, job_id=EXAMPLE_JOB)

    type: Literal["subscribed"]
    topics: list[Topic]
    jobs: int
    job_id: str | None = None


class Stats(Part):
    """Numbers of workers and jobs; ended jobs are counted since the data began."""

    total_workers: int
    active_workers: int
    total_jobs: int
    pending_jobs: int
    active_jobs: int
    completed_jobs: int
    failed_jobs: int
    cancelled_jobs: int


class SystemStats(Answer):
    """Statistics, as a response or at an interval."""

    model_config = example_of("system_stats", stats=_STATS)

    type: Literal["system_stats"]
    stats: Stats


class Machine(Part):
    """A machine with live workers."""

    machine_id: str
    workers: list[str]


class Jobs(Part):
    """Up to 200 jobs of each state, as `GET /api/jobs/{id}` returns them. Completed ones are only counted."""

    pending: list[dict[str, Any]]
    active: list[dict[str, Any]]
    completed: list[dict[str, Any]]
    failed: list[dict[str, Any]]


class FullStateSnapshot(Answer):
    """The state of the whole system."""

    model_config = example_of(
        "full_state_snapshot", workers=[EXAMPLE_WORKER], machines=[{"machine_id": "box", "workers": ["local-1"]}],
        jobs={"pending": [], "active": [], "completed": [], "failed": []}, system_stats=_STATS,
    )  # fmt: skip

    type: Literal["full_state_snapshot"]
    workers: list[WorkerData]
    machines: list[Machine]
    jobs: Jobs
    system_stats: Stats


class JobAccepted(Answer):
    """Response to `submit_job`. The connection is subscribed to the job."""

    model_config = example_of(
        "job_accepted", id=1, job_id=EXAMPLE_JOB, status="queued", position=1, estimated_start=None
    )

    type: Literal["job_accepted"]
    job_id: str
    status: Literal["queued"]
    position: int
    estimated_start: Ms | None


class ResponseJobStatus(Answer):
    """Response to `request_job_status`."""

    model_config = example_of(
        "response_job_status", job_id=EXAMPLE_JOB, status="in_progress", progress=40.0, worker_id="local-1",
        started_at=EXAMPLE_MS, completed_at=None, position=None, estimated_completion=EXAMPLE_MS, error=None,
    )  # fmt: skip

    type: Literal["response_job_status"]
    job_id: str
    status: JobStatusName
    progress: float | None
    worker_id: str | None
    started_at: Ms | None
    completed_at: Ms | None
    position: int | None
    estimated_completion: Ms | None
    error: str | None


class ResyncResponse(Answer):
    """Response to `resync_request`: past messages about jobs, in their order."""

    model_config = example_of(
        "resync_response", events=[], has_more=False, oldest_available_timestamp=EXAMPLE_MS,
        last_event_id=EXAMPLE_EVENT,
    )  # fmt: skip

    type: Literal["resync_response"]
    events: list[dict[str, Any]]
    has_more: bool
    oldest_available_timestamp: Ms | None
    last_event_id: str | None


ANSWERS: tuple[type[Answer], ...] = (
    HeartbeatAck, Subscribed, SystemStats, FullStateSnapshot, JobAccepted, ResponseJobStatus, ResyncResponse,
)  # fmt: skip

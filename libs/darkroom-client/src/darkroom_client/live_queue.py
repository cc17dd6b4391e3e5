"""The live state of a queue, from the messages of queue-api's WebSocket."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]
MAX_RECENT = 100
MAX_JOBS = 1_000


@dataclass(slots=True)
class LiveWorker:
    """A worker, and what it does."""

    id: str
    machine: str
    gpu: str | None
    status: str
    services: tuple[str, ...] = ()


@dataclass(slots=True)
class LiveJob:
    """A job that waits or runs."""

    id: str
    job_type: str
    status: str
    worker: str | None = None
    progress: float = 0.0
    message: str | None = None
    started_ms: int | None = None


@dataclass(frozen=True, slots=True)
class EndedJob:
    """A job that ended; `error` is None if it completed."""

    id: str
    job_type: str
    status: str
    at_ms: int
    error: str | None = None


@dataclass(slots=True)
class LiveQueue:
    """Workers, jobs in progress, and the latest ends. `apply` takes each message in its order."""

    workers: dict[str, LiveWorker] = field(default_factory=dict)
    jobs: dict[str, LiveJob] = field(default_factory=dict)
    recent: deque[EndedJob] = field(default_factory=lambda: deque(maxlen=MAX_RECENT))
    stats: dict[str, int] = field(default_factory=dict)

    def apply(self, message: Message) -> None:
        """Update the state; unknown messages are ignored."""
        match message.get("type"):
            case "full_state_snapshot":
                self._snapshot(message)
            case "system_stats":
                self.stats = dict(message["stats"])
            case "worker_connected":
                self._worker(message["worker_data"], message.get("machine_id"))
            case "worker_status_changed":
                worker = self.workers.get(message["worker_id"])
                if worker is not None:
                    worker.status = message["new_status"]
            case "worker_disconnected":
                self.workers.pop(message["worker_id"], None)
            case "job_submitted":
                self._add(LiveJob(message["job_id"], str(message["job_data"].get("job_type")), "pending"))
            case "job_assigned":
                job = self._job(message["job_id"])
                job.status, job.worker, job.started_ms = "in_progress", message["worker_id"], message["assigned_at"]
            case "job_status_changed" if message["new_status"] == "pending":
                job = self._job(message["job_id"])
                job.status, job.worker, job.progress, job.message = "pending", None, 0.0, None
            case "update_job_progress":
                job = self._job(message["job_id"])
                job.progress, job.message = message["step_progress"], message["message"]
            case "complete_job":
                result = message["result"]
                status = "completed" if result["status"] == "success" else "failed"
                self._end(message["job_id"], status, message["timestamp"], result["error"])
            case "job_cancelled" if "failed_at" in message:
                self._end(message["job_id"], "cancelled", message["timestamp"], message["error"])

    def running(self) -> list[LiveJob]:
        """Return the running jobs, the longest running first."""
        found = [job for job in self.jobs.values() if job.status == "in_progress"]
        return sorted(found, key=lambda job: job.started_ms or 0)

    def waiting_by_type(self) -> dict[str, int]:
        """Return the numbers of known waiting jobs by type."""
        counts: dict[str, int] = {}
        for job in self.jobs.values():
            if job.status == "pending":
                counts[job.job_type] = counts.get(job.job_type, 0) + 1
        return counts

    def _snapshot(self, message: Message) -> None:
        self.workers.clear()
        self.jobs.clear()
        machines = {worker: machine["machine_id"] for machine in message["machines"] for worker in machine["workers"]}
        for data in message["workers"]:
            self._worker(data, machines.get(data["id"]))
        for one in (*message["jobs"]["active"], *message["jobs"]["pending"]):
            self._add(
                LiveJob(
                    one["job_id"], one["job_type"], one["status"], one["worker_id"], one["progress"] or 0.0,
                    started_ms=one["started_at"],
                )
            )  # fmt: skip
        self.recent.clear()
        for one in reversed(message["jobs"]["failed"]):
            error = one["error"] or {}
            ended = EndedJob(one["job_id"], one["job_type"], "failed", one["completed_at"] or 0, error.get("message"))
            self.recent.appendleft(ended)
        self.stats = dict(message["system_stats"])

    def _worker(self, data: Message, machine: str | None) -> None:
        can = data["capabilities"]
        self.workers[data["id"]] = LiveWorker(
            data["id"], machine or "", can.get("gpu_model"), data["status"], tuple(can.get("services", ()))
        )

    def _add(self, job: LiveJob) -> None:
        self.jobs[job.id] = job
        while len(self.jobs) > MAX_JOBS:
            del self.jobs[next(iter(self.jobs))]

    def _job(self, job_id: str) -> LiveJob:
        if job_id not in self.jobs:
            self._add(LiveJob(job_id, "", "in_progress"))
        return self.jobs[job_id]

    def _end(self, job_id: str, status: str, at_ms: int, error: str | None) -> None:
        job = self.jobs.pop(job_id, None)
        self.recent.appendleft(EndedJob(job_id, job.job_type if job else "", status, at_ms, error))

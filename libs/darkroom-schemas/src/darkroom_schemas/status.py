"""The state machine of jobs and steps. Each dialect maps these states to its own names."""

from enum import StrEnum


class JobStatus(StrEnum):
    """State of a job or of a step. `delayed` is queued for a later time: scheduled, or backing off before a retry."""

    QUEUED = "queued"
    DELAYED = "delayed"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})
ACTIVE = frozenset(JobStatus) - TERMINAL

_NEXT: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset(JobStatus) - {JobStatus.QUEUED},
    JobStatus.DELAYED: frozenset({JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.RUNNING: frozenset(JobStatus) - {JobStatus.RUNNING},
    # Only a retry, which starts a new run, leaves these two states.
    JobStatus.FAILED: frozenset({JobStatus.QUEUED}),
    JobStatus.CANCELLED: frozenset({JobStatus.QUEUED}),
    JobStatus.COMPLETED: frozenset(),
}


def can_move(old: JobStatus, new: JobStatus) -> bool:
    """Whether the transition table allows `old` → `new`."""
    return new in _NEXT[old]


def sources_of(new: JobStatus) -> frozenset[JobStatus]:
    """Return the states from which `new` may be entered within one run."""
    if new is JobStatus.QUEUED:
        return frozenset({JobStatus.DELAYED, JobStatus.RUNNING})
    return frozenset(old for old in ACTIVE if new in _NEXT[old])

"""Jobs and their steps, as stored in PostgreSQL. Amounts are in thousandths of a credit."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from darkroom_schemas.ids import AssetId, JobId, StepId, TraceId, UserId, step_id
from darkroom_schemas.job import JobError
from darkroom_schemas.status import JobStatus
from darkroom_schemas.worker import Requirements

from platform_api.domain.planning.group_rules import GroupRules


@dataclass(frozen=True, slots=True)
class Delivered:
    """One output of a step in the job row: enough to display the job without reading its assets."""

    asset_id: AssetId
    index: int
    mime_type: str
    size_bytes: int
    has_thumbnail: bool
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    duration_s: float | None = None
    seed: int | None = None
    step: int = 0
    object_key: str | None = None
    """None for outputs stored by an earlier release."""


@dataclass(frozen=True, slots=True)
class Job:
    """A user's request and its state. `text` is the text of the last step that returned one."""

    id: JobId
    user_id: UserId
    job_type: str
    status: JobStatus
    run: int
    priority: int
    parameters: dict[str, Any]
    steps_total: int
    price_mc: int
    history_seq: int
    trace_id: TraceId
    created_at: datetime
    updated_at: datetime
    steps_done: int = 0
    outputs: tuple[Delivered, ...] = ()
    text: str | None = None
    error: JobError | None = None
    charged_mc: int = 0
    started_at: datetime | None = None
    completed_at: datetime | None = None
    last_event_id: str | None = None
    name: str | None = None
    description: str | None = None
    collection_id: str | None = None
    reported: dict[str, Any] | None = None
    group_rules: GroupRules | None = None
    """None: each step's failure ends the job."""
    traceparent: str | None = None
    """The span of the request that created the job; None if it is not traced."""

    def progress(self, running_percent: float = 0.0) -> float:
        """Return the mean over all steps in percent; `running_percent` is the sum over the running steps."""
        if self.status is JobStatus.COMPLETED:
            return 100.0
        return round((self.steps_done * 100 + running_percent) / self.steps_total, 1)


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of work of a run. Starts when the steps in `needs` are completed.

    `payload` may refer to their results. The step delivers at most `outputs` outputs, each for `price_mc`.
    """

    job_id: JobId
    run: int
    number: int
    job_type: str
    status: JobStatus
    payload: dict[str, Any]
    price_mc: int
    outputs: int
    needs: tuple[int, ...] = ()
    requirements: Requirements | None = None
    text: str | None = None
    worker_id: str | None = None
    timings_s: dict[str, float] = field(default_factory=dict)
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    template: dict[str, Any] | None = None
    """The payload before references were replaced by results; None if it has no references."""
    error: JobError | None = None
    """Why a child of a group failed; other failed steps have their error in the job."""

    @property
    def id(self) -> StepId:
        """Return the step's id in the queue."""
        return step_id(self.job_id, self.run, self.number)


@dataclass(frozen=True, slots=True)
class JobState:
    """A job, the steps of its current run in order, and the items that earlier runs captured."""

    job: Job
    steps: tuple[Step, ...]
    captured: frozenset[str] = frozenset()

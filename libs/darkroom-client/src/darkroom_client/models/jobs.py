"""Jobs and their events."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from darkroom_client.models.answer import Answer


class JobState(StrEnum):
    """State of a job, as the API names it. A cancelled job is `failed`."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"

    @classmethod
    def _missing_(cls, value: object) -> "JobState | None":
        return OTHER_WORDS.get(value) if isinstance(value, str) else None

    @property
    def is_final(self) -> bool:
        return self in (JobState.COMPLETED, JobState.FAILED)


OTHER_WORDS = {
    "pending": JobState.QUEUED,
    "delayed": JobState.QUEUED,
    "running": JobState.PROCESSING,
    "cancelled": JobState.FAILED,
}
"""Other names of the same states, used by streams and lists."""


class Submitted(Answer):
    """A new job. `reason` is `unworkable` if no worker can run it; `notices` describe what is missing."""

    id: str
    reason: str | None = None
    notices: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, body: Any) -> Any:  # Any: JSON
        return {**body, **body["job"]} if isinstance(body, dict) and isinstance(body.get("job"), dict) else body


class Job(Answer):
    """A job. `assets` are URLs of its files, the primary one first; `metadata` is the API's, unchanged.

    `reason` is `unworkable` while no connected worker can run it; `notices` describe what is missing.
    """

    id: str
    status: JobState
    job_type: str
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: float | None = None
    error_message: str | None = None
    error_details: Any = None
    reason: str | None = None
    notices: tuple[str, ...] = ()
    retry_count: int = 0
    prompt: str | None = None
    enhanced_prompt: str | None = None
    assets: tuple[str, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, body: Any) -> Any:  # Any: JSON
        """Merge the details under `data` and `metadata` of the API's response into the job."""
        if not isinstance(body, dict):
            return body
        details, metadata = body.get("data") or {}, body.get("metadata") or {}
        named = {"prompt": "prompt", "enhanced_prompt": "enhanced_prompt", "all_assets": "assets"}
        found = {field: metadata[name] for name, field in named.items() if metadata.get(name) is not None}
        return {**details, **body, **found}

    @property
    def has_ended(self) -> bool:
        return self.status.is_final


class HistoryLine(Answer):
    """One entry of a job's history. `seq` counts from 1."""

    seq: int
    event: str
    message: str
    created_at: datetime | None = None


class Interval(Answer):
    """Lower and upper bound, in seconds."""

    min_s: float
    max_s: float


class WaitingStep(Answer):
    """A waiting step and the reason. `missing` lists what the closest live worker lacks."""

    step_id: str
    reason: str
    position: int
    matching_workers: int
    missing: tuple[str, ...] = ()
    starts_in: Interval | None = None
    due_at: datetime | None = None
    avoids_worker: str | None = None
    """A worker whose device failed the last attempt, while others can run the step."""
    avoids_until: datetime | None = None


class Why(Answer):
    """Why a job waits. `unworkable`: no live worker can run it."""

    job_id: str
    status: str
    waiting: bool
    unworkable: bool
    reason: str
    message: str
    steps: tuple[WaitingStep, ...] = ()


@dataclass(frozen=True)
class JobEvent:
    """One event of a job's stream. A new stream with its `last_event_id` continues after it."""

    name: str
    last_event_id: str | None
    data: Any

    @property
    def state(self) -> JobState | None:
        """Current state of the job; None if the event does not contain the job."""
        return JobState(self.data["status"]) if self._carries_job else None

    @property
    def progress(self) -> float | None:
        """Progress of the job in percent; None if the event does not contain it."""
        return self.data.get("progress") if self._carries_job else None

    @property
    def history(self) -> list[HistoryLine]:
        """History entries in this event: the whole history in the first event, then new entries."""
        match self.name:
            case "history_init":
                lines = self.data
            case "job_history":
                lines = [self.data]
            case _:
                lines = self.data.get("history", []) if self._carries_job else []
        return [HistoryLine.model_validate(line) for line in lines]

    @property
    def _carries_job(self) -> bool:
        return self.name in ("job_update", "reset")

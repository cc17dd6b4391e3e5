"""Jobs and their events as a client sees them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from darkroom_client.models.answer import Answer


class JobState(StrEnum):
    """State of a job in the words of the API. A cancelled job reads as failed."""

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
"""What streams, lists and other parts of the API call the same states."""


class Submitted(Answer):
    """A job that was accepted just now. `reason` is `unworkable` if no worker can do it; `notices` say what lacks."""

    id: str
    reason: str | None = None
    notices: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, body: Any) -> Any:  # Any: JSON
        return {**body, **body["job"]} if isinstance(body, dict) and isinstance(body.get("job"), dict) else body


class Job(Answer):
    """One job. `assets` are URLs of its files, the primary one first; `metadata` is all that the API returns about it.

    `reason` is `unworkable` while no connected worker can do it, and `notices` say what such a worker lacks.
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
        """Read a job as the API writes it: flat members, with details under `data` and `metadata`."""
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
    """One thing that happened to a job. `seq` counts from 1."""

    seq: int
    event: str
    message: str
    created_at: datetime | None = None


class Interval(Answer):
    """Seconds, at best and at worst."""

    min_s: float
    max_s: float


class WaitingStep(Answer):
    """One step that waits, and what for. `missing` names what the nearest live worker lacks."""

    step_id: str
    reason: str
    position: int
    matching_workers: int
    missing: tuple[str, ...] = ()
    starts_in: Interval | None = None
    due_at: datetime | None = None


class Why(Answer):
    """Why a job waits. `unworkable`: no live worker can do it."""

    job_id: str
    status: str
    waiting: bool
    unworkable: bool
    reason: str
    message: str
    steps: tuple[WaitingStep, ...] = ()


@dataclass(frozen=True)
class JobEvent:
    """One event of a job's stream. Streaming anew with its `last_event_id` continues after it."""

    name: str
    last_event_id: str | None
    data: Any

    @property
    def state(self) -> JobState | None:
        """State of the job now, where the event carries the job itself."""
        return JobState(self.data["status"]) if self._carries_job else None

    @property
    def progress(self) -> float | None:
        """Progress of the job in percent, where the event carries the job itself."""
        return self.data.get("progress") if self._carries_job else None

    @property
    def history(self) -> list[HistoryLine]:
        """Lines of the job's history in this event: all so far in the first one, then each as it comes."""
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

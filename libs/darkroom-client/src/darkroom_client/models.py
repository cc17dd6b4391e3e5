"""Jobs and their events as a client sees them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class JobState(StrEnum):
    """State of a job in the words of the API. A cancelled job reads as failed."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"

    @classmethod
    def _missing_(cls, value: object) -> "JobState | None":
        # Streams and lists say `pending` for what the job itself calls `queued`.
        return cls.QUEUED if value == "pending" else None

    @property
    def is_final(self) -> bool:
        return self in (JobState.COMPLETED, JobState.FAILED)


class Job(BaseModel):
    """One job. `assets` are URLs of its files, the primary one first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    status: JobState
    job_type: str
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    progress: float | None = None
    error_message: str | None = None
    prompt: str | None = None
    enhanced_prompt: str | None = None
    assets: tuple[str, ...] = ()

    @classmethod
    def from_answer(cls, body: dict[str, Any]) -> Self:
        """Read a job as the API writes it: flat members, with details under `data` and `metadata`."""
        details = body.get("data") or {}
        metadata = body.get("metadata") or {}
        return cls.model_validate(
            {
                **details,
                **body,
                "prompt": metadata.get("prompt"),
                "enhanced_prompt": metadata.get("enhanced_prompt"),
                "assets": metadata.get("all_assets") or (),
            }
        )


class HistoryLine(BaseModel):
    """One thing that happened to a job. `seq` counts from 1."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    seq: int
    event: str
    message: str


@dataclass(frozen=True)
class JobEvent:
    """One event of a job's stream. Following anew with its `last_event_id` continues after it."""

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

"""Maps jobs and statuses to StableQueue fields; no other module does."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from darkroom_schemas.job import JobView
from darkroom_schemas.status import JobStatus
from pydantic import BaseModel, Field, PlainSerializer

from platform_api.http.file_names import file_name
from platform_api.http.submission import Prospects
from platform_api.http.workability import UNWORKABLE, Reason

T = TypeVar("T")
CANCEL_REASON = "Job cancelled by user"
IMAGES = "/api/v2/images"


class Status(StrEnum):
    """Job statuses of StableQueue."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATUS: dict[JobStatus, Status] = {
    JobStatus.QUEUED: Status.PENDING,
    JobStatus.DELAYED: Status.PENDING,
    JobStatus.RUNNING: Status.PROCESSING,
    JobStatus.COMPLETED: Status.COMPLETED,
    JobStatus.FAILED: Status.FAILED,
    JobStatus.CANCELLED: Status.CANCELLED,
}
FILTERED = {word: tuple(ours for ours, theirs in STATUS.items() if theirs is word) for word in Status}


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[datetime, PlainSerializer(_timestamp, return_type=str)]
"""Serialized like JavaScript's `toISOString`: UTC, milliseconds and a Z."""


class Accepted(BaseModel):
    """The job was accepted."""

    success: bool = True
    stablequeue_job_id: str
    queue_position: int
    app_type: str
    creation_timestamp: Timestamp
    target_server_alias: str
    reason: Reason = Field(description="`unworkable`: no connected worker supports the job; it waits for one.")
    notices: list[str] = Field(description="Values that were replaced, and why the job waits.")
    ignored: list[str] = Field(description="Members of the request that are stored with the job and have no effect.")


class StableQueueListedJob(BaseModel):
    """A job in a list. Jobs of other dialects have no server, and their job type as `app_type`."""

    stablequeue_job_id: str
    status: Status
    creation_timestamp: Timestamp
    last_updated_timestamp: Timestamp
    completion_timestamp: Timestamp | None
    target_server_alias: str | None
    forge_session_hash: str | None = Field(description="Id of the session on the back end; null until the job starts.")
    generation_params: dict[str, Any]
    result_details: dict[str, Any] | None = Field(
        description="Completed jobs: `images` (paths here), `info` and `generation_info`, and `image_urls`, which "
        "work without credentials for a day. Cancelled jobs: `cancelled` and `message`. Failed jobs: `error`, "
        "`code` and `details`."
    )
    retry_count: int
    app_type: str
    source_info: str | None
    other_members: dict[str, Any] = Field(description="Undeclared members of the request, as sent.")


class JobState(StableQueueListedJob):
    """A job with its state in the queue."""

    reason: Reason = Field(description="`unworkable`: no connected worker supports the job; it waits for one.")
    notices: list[str] = Field(description="Values that were replaced, and why the job waits.")
    api_key_id: str | None = Field(description="The API key that submitted the job.")
    queue_position: int | None = Field(description="From 1; null unless pending.")
    estimated_time_remaining: int | None = Field(description="Seconds; null unless processing and measured.")


class StatusAnswer(BaseModel):
    """One job."""

    success: bool = True
    job: JobState


class CancelAnswer(BaseModel):
    """The job was cancelled."""

    success: bool = True
    message: str = "Job cancelled successfully."
    job: StableQueueListedJob


class Filters(BaseModel):
    """The parameters of the list."""

    status: Status | None
    app_type: str | None
    limit: int
    offset: int
    order: str


class StableQueueJobList(BaseModel):
    """A page of jobs. Filtered lists are counted up to 10,000."""

    success: bool = True
    total: int
    filters: Filters
    jobs: list[StableQueueListedJob]


def image_path(asset_id: str, mime_type: str) -> str:
    """Return the path of an asset's content, for callers with access to its job."""
    return f"{IMAGES}/{file_name(asset_id, mime_type)}"


def accepted(job: JobView, prospects: Prospects, ignored: list[str]) -> Accepted:
    """Return the response to a submission."""
    return Accepted(
        stablequeue_job_id=job.id,
        queue_position=prospects.queued.get(job.parameters["served_by"], 0) + 1,
        app_type=job.job_type,
        creation_timestamp=job.created_at,
        target_server_alias=job.parameters["target_server_alias"],
        reason=prospects.reason,
        notices=list(prospects.notices),
        ignored=ignored,
    )


def listed_job(job: JobView) -> StableQueueListedJob:
    """Return a job as list item."""
    return StableQueueListedJob(**_fields(job))


def job_state(
    job: JobView, *, queue_position: int | None, seconds_left: int | None, lack: str | None = None
) -> JobState:
    """Return a job's state. `lack` is what no connected worker has, if that is why the job waits."""
    return JobState(
        **_fields(job),
        reason=UNWORKABLE if lack else None,
        notices=[*_notices(job), *([lack] if lack else [])],
        api_key_id=_asked(job, "api_key_id", str),
        queue_position=queue_position,
        estimated_time_remaining=seconds_left,
    )


def _fields(job: JobView) -> dict[str, Any]:
    return {
        "stablequeue_job_id": job.id,
        "status": STATUS[job.status],
        "creation_timestamp": job.created_at,
        "last_updated_timestamp": job.updated_at,
        "completion_timestamp": job.completed_at,
        "target_server_alias": _asked(job, "target_server_alias", str),
        "forge_session_hash": str(UUID(hex=job.trace_id)) if job.started_at and job.trace_id else None,
        "generation_params": _asked(job, "generation_params", dict) or _params_of_others(job.parameters),
        "result_details": _result(job),
        "retry_count": job.run - 1,
        "app_type": job.job_type,
        "source_info": _asked(job, "source_info", str),
        "other_members": _asked(job, "other_members", dict) or {},
    }


def _asked(job: JobView, name: str, kind: type[T]) -> T | None:
    """Return a parameter if it has the type; jobs of other dialects may use the name differently."""
    value = job.parameters.get(name)
    return value if isinstance(value, kind) else None


def _notices(job: JobView) -> list[str]:
    return [str(notice) for notice in _asked(job, "notices", list) or []]


def _params_of_others(asked: dict[str, Any]) -> dict[str, Any]:
    return {"positive_prompt": asked.get("prompt", ""), "negative_prompt": asked.get("negative_prompt", "")}


def _result(job: JobView) -> dict[str, Any] | None:
    match job.status:
        case JobStatus.COMPLETED:
            return {
                "images": [image_path(output.asset_id, output.mime_type) for output in job.outputs],
                "image_urls": [output.url for output in job.outputs],
                "info": " ".join((f"Job completed; outputs: {len(job.outputs)}.", *_notices(job))),
                "generation_info": _generation_info(job),
            }
        case JobStatus.CANCELLED:
            message = job.error.message.removeprefix("Job cancelled: ") if job.error else CANCEL_REASON
            return {"cancelled": True, "message": message}
        case JobStatus.FAILED:
            details = (job.reported or {}).get("error_details")
            return {"error": job.error.message, "code": job.error.code, "details": details} if job.error else None
    return None


def _generation_info(job: JobView) -> dict[str, Any]:
    prompt, negative = job.parameters.get("prompt", ""), job.parameters.get("negative_prompt", "")
    planned: list[Any] = _asked(job, "seeds", list) or []
    seeds = [
        planned[output.index] if output.seed is None and output.index < len(planned) else output.seed
        for output in job.outputs
    ]
    return {
        "prompt": prompt,
        "all_prompts": [prompt] * len(seeds),
        "negative_prompt": negative,
        "all_negative_prompts": [negative] * len(seeds),
        "seed": seeds[0] if seeds else None,
        "all_seeds": seeds,
    }

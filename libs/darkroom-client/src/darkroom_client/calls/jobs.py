"""Calls about jobs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from darkroom_client.calls.call import EVENT_STREAM, Call, idempotency_header, model, models, segment, without_none
from darkroom_client.errors import InvalidRequest
from darkroom_client.models.answer import Page
from darkroom_client.models.jobs import HistoryLine, Job, Submitted, Why


class Hires(TypedDict, total=False):
    """A second pass at a larger size: `scale` times that of the first, or `width` and `height`.

    `denoising_strength` is from 0 to 1, `upscaler` is `latent` or `lanczos`.
    """

    scale: float
    width: int
    height: int
    denoising_strength: float
    steps: int
    upscaler: str


class JobOptions(TypedDict, total=False):
    """Options of a submission besides the job type and the prompt.

    `seed` is the seed of the first output; it increases by 1 for each further one. `metadata` is stored with the job.
    A repeated `idempotency_key` returns the job of the first submission. `loras` are weights by name, for SDXL types.
    So are `init_image`, the id of the asset to start from, `mask_image`, that of a mask which is white where to draw
    over it, `mask_blur` in pixels, `denoising_strength` from 0 to 1, and `hires`. `webhook_url` receives the job's
    events, only those of `webhook_events` if there are any.
    """

    negative_prompt: str | None
    seed: int | None
    bucket: str | None
    project_id: str | None
    video_id: str | None
    image_id: str | None
    metadata: dict[str, Any] | None
    idempotency_key: str | None
    loras: Mapping[str, float] | None
    init_image: str | None
    mask_image: str | None
    mask_blur: int | None
    denoising_strength: float | None
    hires: Hires | None
    webhook_url: str | None
    webhook_events: Sequence[str] | None


class JobsWhere(TypedDict, total=False):
    """Filters of jobs. `created_after` is inclusive, `created_before` exclusive. Times need a time zone."""

    status: str | Sequence[str]
    job_type: str | None
    created_after: datetime | None
    created_before: datetime | None


def submission(
    job_type: str,
    prompt: str | None,
    *,
    negative_prompt: str | None = None,
    seed: int | None = None,
    bucket: str | None = None,
    project_id: str | None = None,
    video_id: str | None = None,
    image_id: str | None = None,
    metadata: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
    loras: Mapping[str, float] | None = None,
    init_image: str | None = None,
    mask_image: str | None = None,
    mask_blur: int | None = None,
    denoising_strength: float | None = None,
    hires: Hires | None = None,
    webhook_url: str | None = None,
    webhook_events: Sequence[str] | None = None,
) -> Call[Submitted]:
    """Submit a job."""
    named = without_none(
        prompt=prompt,
        negative_prompt=negative_prompt,
        seed=seed,
        bucket=bucket,
        init_image=None if init_image is None else {"asset_id": init_image},
        mask_image=None if mask_image is None else {"asset_id": mask_image},
        mask_blur=mask_blur,
        denoising_strength=denoising_strength,
        hires=hires,
    )
    if loras:
        named["loras"] = [{"name": name, "weight": weight} for name, weight in loras.items()]
    if twice := sorted(named.keys() & (metadata or {}).keys()):
        raise InvalidRequest(f"`metadata` must not contain {', '.join(twice)}, which is a separate argument.")
    references = without_none(projectId=project_id, videoId=video_id, imageId=image_id)
    webhook = without_none(
        webhook_url=webhook_url, webhook_events_filter=list(webhook_events) if webhook_events else None
    )
    body = {"jobType": job_type, "metadata": {**(metadata or {}), **named}, **references, **webhook}
    return Call("POST", "/api/queue-job", model(Submitted), body, headers=idempotency_header(idempotency_key))


def get(job_id: str) -> Call[Job]:
    return Call("GET", f"/api/jobs/{segment(job_id)}", model(Job))


def page(
    *,
    limit: int,
    cursor: str | None,
    status: str | Sequence[str] = (),
    job_type: str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
) -> Call[Page[Job]]:
    """List jobs, newest first."""
    params = without_none(
        limit=limit,
        cursor=cursor,
        status=[status] if isinstance(status, str) else list(status) or None,
        job_type=job_type,
        created_after=moment("created_after", created_after),
        created_before=moment("created_before", created_before),
    )
    return Call("GET", "/api/jobs", _page, params=params)


def history(job_id: str) -> Call[tuple[HistoryLine, ...]]:
    return Call("GET", f"/api/jobs/{segment(job_id)}/history", lambda answer: models(HistoryLine, answer["data"]))


def cancellation(job_id: str, reason: str | None) -> Call[Job]:
    body = without_none(reason=reason) or None
    return Call("POST", f"/api/jobs/{segment(job_id)}/cancel", model(Job), body)


def retry(job_id: str, idempotency_key: str | None) -> Call[int]:
    """Run a job again. The result is the number of the attempt."""
    path = f"/api/jobs/{segment(job_id)}/retry"
    return Call(
        "POST", path, lambda answer: int(answer["data"]["retryAttempt"]), headers=idempotency_header(idempotency_key)
    )


def why(job_id: str) -> Call[Why]:
    return Call("GET", f"/api/jobs/{segment(job_id)}/why", model(Why))


def stream(job_id: str, last_event_id: str | None) -> Call[None]:
    resume = {"Last-Event-ID": last_event_id} if last_event_id else {}
    path = f"/api/jobs/{segment(job_id)}/stream"
    return Call("GET", path, lambda _: None, headers={"Accept": EVENT_STREAM, **resume})


def moment(name: str, time: datetime | None) -> str | None:
    """Format a time. Raises `InvalidRequest` if it has no time zone."""
    if time is None:
        return None
    if time.tzinfo is None:
        raise InvalidRequest(f"`{name}` must have a time zone, such as datetime.now(UTC).")
    return time.isoformat()


def _page(answer: Any) -> Page[Job]:  # Any: JSON
    where = answer["pagination"]
    return Page(models(Job, answer["data"]), where["cursor"], where["total"], where["total_is_exact"])

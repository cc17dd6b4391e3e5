"""The public view of a job, used by responses and events."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

from darkroom_schemas.channels import Preview, PreviewGrid, ProgressMessage
from darkroom_schemas.ids import AssetId
from darkroom_schemas.job import JobOutput, JobView
from darkroom_schemas.status import JobStatus

from platform_api.domain.assets.signed_urls import Variant
from platform_api.domain.jobs.job import Delivered, Job


class AssetUrls(Protocol):
    """Creates links to assets and previews."""

    def url(self, asset_id: AssetId, variant: Variant, now: datetime) -> str: ...

    def preview_url(self, preview: Preview, now: datetime) -> str: ...


def job_view(job: Job, urls: AssetUrls, now: datetime, *, running_percent: float = 0.0) -> JobView:
    """Return the view of a job with links signed at `now`.

    `running_percent` is the sum of the progress of its running steps.
    """
    progress = None if job.status is JobStatus.QUEUED else job.progress(running_percent)
    return JobView(
        id=job.id,
        user_id=job.user_id,
        job_type=job.job_type,
        status=job.status,
        progress=progress,
        run=job.run,
        priority=job.priority,
        parameters=job.parameters,
        name=job.name,
        description=job.description,
        collection_id=job.collection_id,
        outputs=tuple(output_view(output, urls, now) for output in in_order(job.outputs)),
        text=job.text,
        error=job.error,
        price_mc=job.price_mc,
        charged_mc=job.charged_mc,
        created_at=job.created_at,
        updated_at=job.updated_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        trace_id=job.trace_id,
        reported=job.reported,
    )


def in_order(outputs: Iterable[Delivered]) -> list[Delivered]:
    """Sort outputs by step and index: steps that run in parallel deliver in any order."""
    return sorted(outputs, key=lambda output: (output.step, output.index))


def output_view(output: Delivered, urls: AssetUrls, now: datetime) -> JobOutput:
    """Return the view of one output with links signed at `now`."""
    return JobOutput(
        asset_id=output.asset_id,
        step=output.step,
        index=output.index,
        url=urls.url(output.asset_id, Variant.CONTENT, now),
        thumbnail_url=urls.url(output.asset_id, Variant.THUMBNAIL, now) if output.has_thumbnail else None,
        mime_type=output.mime_type,
        size_bytes=output.size_bytes,
        width=output.width,
        height=output.height,
        frames=output.frames,
        duration_s=output.duration_s,
        seed=output.seed,
    )


class LivePreview(NamedTuple):
    """A link to a preview, and which outputs it shows."""

    url: str
    grid: PreviewGrid


def live_preview(message: ProgressMessage, urls: AssetUrls, now: datetime) -> LivePreview | None:
    """Return the preview of a progress message; None if it has none or it belongs to another job."""
    preview = message.preview
    if preview is None or not preview.key.startswith(f"{message.job_id}/"):
        return None
    return LivePreview(urls.preview_url(preview, now), preview.grid)

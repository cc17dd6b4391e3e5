"""Maps jobs, statuses and assets to OurVidz fields; no other module does."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.job import JobView
from darkroom_schemas.recipe import AnyRecipe
from darkroom_schemas.status import JobStatus
from pydantic import BaseModel, ConfigDict, Field

from platform_api.domain.assets.asset import Asset
from platform_api.domain.assets.signed_urls import Variant
from platform_api.domain.jobs.view import AssetUrls
from platform_api.http.submission import Prospects
from platform_api.http.workability import Reason

_SDXL = "sdxl"
"""The family of the types for which the protocol sets `isSDXL` and `negativePromptSupported`."""
OurVidzStatus = Literal["queued", "processing", "completed", "failed"]
STATUS: dict[JobStatus, OurVidzStatus] = {
    JobStatus.QUEUED: "queued",
    JobStatus.DELAYED: "queued",
    JobStatus.RUNNING: "processing",
    JobStatus.COMPLETED: "completed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "failed",
}


class AcceptedJob(BaseModel):
    """A job that was just accepted."""

    id: str
    user_id: str
    job_type: str
    status: OurVidzStatus
    created_at: datetime
    metadata: dict[str, Any]


class QueueJobAnswer(BaseModel):
    """Response to `POST /api/queue-job`. `queueLength` is the number of steps that wait for the same model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "success": True,
                    "job": {
                        "id": "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11",
                        "user_id": "019aa7f0-0d7b-7d7a-8a5e-6a2f2a4d3b10",
                        "job_type": "sdxl_image_fast",
                        "status": "queued",
                        "created_at": "2026-11-21T22:48:07Z",
                        "metadata": {"prompt": "a lighthouse at dawn", "seeds": [41, 42, 43, 44, 45, 46]},
                    },
                    "message": "Job queued successfully",
                    "queueLength": 3,
                    "modelVariant": "sdxl-base-1.0",
                    "isSDXL": True,
                    "negativePromptSupported": True,
                    "reason": None,
                    "notices": [],
                }
            ]
        }
    )

    success: bool = True
    job: AcceptedJob
    message: str = "Job queued successfully"
    queueLength: int
    modelVariant: str
    isSDXL: bool
    negativePromptSupported: bool
    reason: Reason = Field(description="`unworkable`: no connected worker supports the job; it waits for one.")
    notices: list[str] = Field(description="Additional reasons why the job waits.")


class AssetItem(BaseModel):
    """One asset in a list. `url` needs no credentials until it expires; `content_path` always needs them."""

    id: str
    job_id: str | None = Field(description="Null for an upload.")
    job_type: str = Field(description="`upload` for an upload.")
    step: int = Field(description="Number of the step that produced it, from 0.")
    index: int
    mime_type: str
    size_bytes: int
    width: int | None
    height: int | None
    duration_s: float | None
    seed: int | None
    url: str
    thumbnail_url: str | None
    content_path: str
    created_at: datetime
    favourite: bool
    tags: list[str] = Field(description="In alphabetical order.")


class AssetAnswer(AssetItem):
    """One asset with its recipe. `sha256` is the hash of its content."""

    success: bool = True
    sha256: str
    frames: int | None
    recipe: AnyRecipe | None


class AssetDeleted(BaseModel):
    """The asset was deleted; its bytes are deleted shortly after."""

    success: bool = True
    id: str
    message: str = "Asset deleted"


class AssetList(BaseModel):
    """A page of assets: newest first, or for one job in the order of its steps."""

    success: bool = True
    assets: list[AssetItem]
    total: int = Field(description="Number of items; filtered lists are counted up to 10,000.")
    total_is_exact: bool = Field(description="False if there are more than `total` items.")
    cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")


def queue_job_answer(job: JobView, prospects: Prospects) -> str:
    """Render the response to a submission."""
    job_type = CATALOGUE[job.job_type]
    is_sdxl = job_type.family == _SDXL
    answer = QueueJobAnswer(
        job=AcceptedJob(
            id=job.id,
            user_id=job.user_id,
            job_type=job.job_type,
            status=STATUS[job.status],
            created_at=job.created_at,
            metadata=metadata(job),
        ),
        queueLength=_waiting_for(job_type.model, prospects.queued),
        modelVariant=str(job_type.model),
        isSDXL=is_sdxl,
        negativePromptSupported=is_sdxl,
        reason=prospects.reason,
        notices=list(prospects.notices),
    )
    return answer.model_dump_json()


def _waiting_for(model: str | None, queued: Mapping[str, int]) -> int:
    """Return the number of waiting steps that need a model."""
    return sum(count for name, count in queued.items() if name in CATALOGUE and CATALOGUE[name].model == model)


def metadata(job: JobView) -> dict[str, Any]:
    """Merge the job's parameters with its results; results take precedence over members sent by the client."""
    result: dict[str, Any] = {"credits": job.price_mc / 1000}
    if job.status is JobStatus.COMPLETED or job.outputs:
        urls = [output.url for output in job.outputs]
        result |= {
            "all_assets": urls,
            "primary_asset": urls[0] if urls else None,
            "thumbnails": [output.thumbnail_url for output in job.outputs],
            "credits_charged": job.charged_mc / 1000,
        }
    if job.text is not None:
        result["enhanced_prompt"] = job.text
    return job.parameters | result


def asset_item(asset: Asset, urls: AssetUrls, now: datetime) -> AssetItem:
    """Return an asset as list item."""
    return AssetItem(
        id=asset.id,
        job_id=asset.job_id,
        job_type=asset.job_type,
        step=asset.step,
        index=asset.output_index,
        mime_type=asset.mime_type,
        size_bytes=asset.size_bytes,
        width=asset.width,
        height=asset.height,
        duration_s=asset.duration_s,
        seed=asset.seed,
        url=urls.url(asset.id, Variant.CONTENT, now),
        thumbnail_url=urls.url(asset.id, Variant.THUMBNAIL, now) if asset.thumbnail_key else None,
        content_path=f"/api/assets/{asset.id}/content",
        created_at=asset.created_at,
        favourite=asset.favourite,
        tags=list(asset.tags),
    )


def asset_answer(asset: Asset, urls: AssetUrls, now: datetime) -> AssetAnswer:
    """Return the response for one asset."""
    item = asset_item(asset, urls, now)
    return AssetAnswer(**item.model_dump(), sha256=asset.sha256, frames=asset.frames, recipe=asset.recipe)

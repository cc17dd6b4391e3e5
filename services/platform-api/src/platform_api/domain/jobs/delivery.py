"""Outputs of a completed step: as assets, as the short form in the job row, and as billed items."""

from collections.abc import Collection, Sequence
from datetime import datetime

from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.ids import AssetId, new_uuid7
from darkroom_schemas.step import StepOutput, StepResult

from platform_api.domain.assets.asset import Asset
from platform_api.domain.jobs.job import Delivered, Job, Step


def accepted(step: Step, result: StepResult) -> tuple[list[StepOutput], list[StepOutput]]:
    """Divide outputs into accepted and rejected: too many for the price, or larger than the step's limit.

    That is the job type's, which a second pass raises in proportion to the pixels.
    """
    limit = max(CATALOGUE[step.job_type].max_output_bytes, _stated_limit(step))
    counting: list[StepOutput] = []
    others: list[StepOutput] = []
    for output in sorted(result.outputs, key=lambda output: output.index):
        fits = output.size_bytes <= limit and len(counting) < step.outputs
        (counting if fits else others).append(output)
    return counting, others


def _stated_limit(step: Step) -> int:
    """Return the limit in the payload, which the platform has put there; 0 without one."""
    stated = step.payload.get("max_bytes")
    return stated if isinstance(stated, int) else 0


def keys_of(outputs: Sequence[StepOutput]) -> list[str]:
    """Return the keys of all objects of the outputs, thumbnails included."""
    return [key for output in outputs for key in (output.key, output.thumbnail_key) if key]


def assets_of(job: Job, step: Step, outputs: Sequence[StepOutput], now: datetime) -> list[Asset]:
    """Create an asset for each output."""
    return [
        Asset(
            id=AssetId(new_uuid7()),
            user_id=job.user_id,
            job_id=job.id,
            run=step.run,
            step=step.number,
            output_index=output.index,
            job_type=job.job_type,
            object_key=output.key,
            thumbnail_key=output.thumbnail_key,
            mime_type=output.mime_type,
            size_bytes=output.size_bytes,
            sha256=output.sha256,
            width=output.width,
            height=output.height,
            frames=output.frames,
            duration_s=output.duration_s,
            recipe=output.recipe,
            created_at=now,
        )
        for output in outputs
    ]


def items_of(step: Step, assets: Sequence[Asset], text: str | None) -> list[str]:
    """Return the billed items, which have the same names in every run. An empty text is billed only if it is free."""
    items = [f"{step.number:02d}:{asset.output_index:02d}" for asset in assets]
    if text is not None and CATALOGUE[step.job_type].returns_text and (text or not step.price_mc):
        items.insert(0, f"{step.number:02d}:text")
    return items[: step.outputs]


def unpaid(step: Step, items: Sequence[str], captured: Collection[str]) -> list[str]:
    """Return the items that earlier runs did not pay for, never more than the step reserved."""
    paid = sum(item.startswith(f"{step.number:02d}:") for item in captured)
    return [item for item in items if item not in captured][: max(0, step.outputs - paid)]


def delivered(asset: Asset) -> Delivered:
    """Return the short form of an asset that the job row stores."""
    return Delivered(
        asset_id=asset.id,
        index=asset.output_index,
        mime_type=asset.mime_type,
        size_bytes=asset.size_bytes,
        has_thumbnail=asset.thumbnail_key is not None,
        width=asset.width,
        height=asset.height,
        frames=asset.frames,
        duration_s=asset.duration_s,
        seed=asset.seed,
        step=asset.step,
        object_key=asset.object_key,
    )

"""What can be asked for, and how long the queue is. Anonymous: neither tells anything about anybody."""

from typing import Any

from darkroom_schemas.catalogue import CATALOGUE, JobType
from darkroom_schemas.payload import MAX_SEED
from fastapi import APIRouter
from pydantic import BaseModel

from platform_api.domain.plan_catalogue import MAX_PROMPT_CHARACTERS, SUBMITTABLE
from platform_api.routes.context import Ctx

router = APIRouter(tags=["catalogue"])


class JobTypeItem(BaseModel):
    """One job type. `parameters` is the JSON Schema of `metadata`; the price is in credits, for everything."""

    name: str
    label: str
    outputs: int
    mime_type: str
    width: int | None
    height: int | None
    frames: int | None
    fps: int | None
    enhanced: bool
    negative_prompt_supported: bool
    price: float
    expected_s: float
    timeout_s: int
    parameters: dict[str, Any]


class JobTypeList(BaseModel):
    """All job types that `POST /api/queue-job` takes."""

    data: list[JobTypeItem]
    error: None = None


class QueueStatus(BaseModel):
    """How many steps wait, in all and by type. `queueDepth` is the name that OurVidz clients read."""

    success: bool = True
    queueDepth: int
    queues: dict[str, int]


@router.get("/api/job-types", operation_id="list_job_types", summary="List job types")
async def job_types() -> JobTypeList:
    """List what can be made, with sizes, prices and parameters."""
    return JobTypeList(data=[_item(CATALOGUE[name]) for name in SUBMITTABLE])


@router.get("/api/queue-status", operation_id="queue_status", summary="How long is the queue?")
async def queue_status(context: Ctx) -> QueueStatus:
    """Count the waiting steps, as known a second ago at most."""
    queued = await context.backlog.queued()
    return QueueStatus(
        queueDepth=sum(queued.values()), queues={name: n for name, n in queued.items() if name in CATALOGUE and n}
    )


def _item(job_type: JobType) -> JobTypeItem:
    text = {"type": "string", "maxLength": MAX_PROMPT_CHARACTERS}
    properties: dict[str, Any] = {"prompt": text, "seed": {"type": "integer", "minimum": 0, "maximum": MAX_SEED}}
    if job_type.is_sdxl:
        properties["negative_prompt"] = text
    return JobTypeItem(
        name=job_type.name,
        label=job_type.label,
        outputs=job_type.outputs,
        mime_type=job_type.mime_type,
        width=job_type.width,
        height=job_type.height,
        frames=job_type.frames,
        fps=job_type.fps,
        enhanced=job_type.enhanced,
        negative_prompt_supported=job_type.is_sdxl,
        price=job_type.total_price_mc / 1000,
        expected_s=job_type.expected_s,
        timeout_s=job_type.timeout_s,
        parameters={"type": "object", "properties": properties},
    )

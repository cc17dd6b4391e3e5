"""Job types and queue lengths. Public: the responses contain no user data."""

from collections.abc import Mapping
from typing import Any

from darkroom_schemas.catalogue import CATALOGUE, JobType
from darkroom_schemas.families import FAMILIES
from darkroom_schemas.loras import MAX_LORAS
from darkroom_schemas.payload import MAX_SEED
from fastapi import APIRouter
from pydantic import BaseModel

from platform_api.context import Ctx
from platform_api.domain.capacity import TypeCapacity, time_to_end
from platform_api.domain.planning.from_catalogue import MAX_PROMPT_CHARACTERS, PROMPT_TYPE, SUBMITTABLE
from platform_api.http.image_options import IMAGE_PROPERTIES
from platform_api.http.loras import Lora
from platform_api.http.query_parameters import KnownQueryRoute

router = APIRouter(tags=["catalogue"], route_class=KnownQueryRoute)


class TimeToEnd(BaseModel):
    """Estimated seconds until a job submitted now would complete: best and worst case."""

    min_s: float
    max_s: float


class JobTypeItem(BaseModel):
    """One job type. `parameters` is the JSON Schema of `metadata`; `price` is the total in credits.

    `available` is whether live workers support it, null while unknown; `eta` is null until measured. `profile` is what
    these workers draw with: `full`, the published weights; `mini`, Darkroom's own small model; `tiny`, random weights,
    which draw noise. It is null if they differ, or for external back ends.
    """

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
    available: bool | None
    workers: int | None
    profile: str | None
    waiting: int | None
    eta: TimeToEnd | None
    parameters: dict[str, Any]


class JobTypeList(BaseModel):
    """All job types that `POST /api/queue-job` accepts."""

    data: list[JobTypeItem]
    error: None = None


class QueueStatus(BaseModel):
    """Numbers of waiting steps, in total and by type. `queueDepth` is the member that OurVidz clients read."""

    success: bool = True
    queueDepth: int
    queues: dict[str, int]


@router.get("/api/job-types", operation_id="list_job_types", summary="List job types")
async def job_types(context: Ctx) -> JobTypeList:
    """List the job types with sizes, prices, parameters, availability and estimated time."""
    now = await context.jobs.capacity.by_type()
    return JobTypeList(data=[_item(CATALOGUE[name], now) for name in SUBMITTABLE])


@router.get("/api/queue-status", operation_id="queue_status", summary="Read the queue's length")
async def queue_status(context: Ctx) -> QueueStatus:
    """Return the numbers of waiting steps, at most one second old."""
    queued = await context.jobs.backlog.queued()
    return QueueStatus(
        queueDepth=sum(queued.values()), queues={name: n for name, n in queued.items() if name in CATALOGUE and n}
    )


def _item(job_type: JobType, now: Mapping[str, TypeCapacity] | None) -> JobTypeItem:
    step_types = (PROMPT_TYPE, job_type.name) if job_type.enhanced else (job_type.name,)
    workers = min(now[name].workers for name in step_types) if now else None
    eta = time_to_end(step_types, now) if now else None
    text = {"type": "string", "maxLength": MAX_PROMPT_CHARACTERS}
    properties: dict[str, Any] = {"prompt": text, "seed": {"type": "integer", "minimum": 0, "maximum": MAX_SEED}}
    if job_type.takes_negative_prompt:
        properties["negative_prompt"] = text
    if job_type.takes_loras:
        properties["loras"] = {"type": "array", "maxItems": MAX_LORAS, "items": Lora.model_json_schema()}
    if job_type.takes_init_image:
        properties |= IMAGE_PROPERTIES
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
        negative_prompt_supported=job_type.takes_negative_prompt,
        price=job_type.total_price_mc / 1000,
        expected_s=job_type.expected_s,
        timeout_s=job_type.timeout_s,
        available=None if workers is None else workers > 0,
        workers=workers,
        profile=_drawn_with(job_type, now[job_type.name].profile) if now else None,
        waiting=now[job_type.name].waiting if now else None,
        eta=TimeToEnd(min_s=eta[0], max_s=eta[1]) if eta else None,
        parameters={"type": "object", "properties": properties},
    )


def _drawn_with(job_type: JobType, profile: str | None) -> str | None:
    """Return what draws a type: the profile `mini` has the models of `tiny` for most families."""
    is_trained = job_type.family is not None and FAMILIES[job_type.family].in_mini
    return "tiny" if profile == "mini" and not is_trained else profile

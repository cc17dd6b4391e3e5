"""`/api/queues`: depths, and pausing and resuming job types."""

from typing import Any

from darkroom_chassis.validation import invalid_request, must_be_one_of
from darkroom_queue.operate.control import EVERYTHING
from darkroom_schemas.base import Request
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.errors import FieldError
from darkroom_schemas.fields import Line
from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field

from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute

router = APIRouter(prefix="/queues", tags=["queues"], dependencies=[Depends(require_token)], route_class=BoundedRoute)


class Switch(Request):
    """What to pause or to resume."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"job_type": "sdxl_image_fast"}]})

    job_type: Line | None = Field(default=None, description="Null for the whole queue.")


@router.get("", summary="Count waiting and running jobs")
async def read_queues(context: Ctx) -> dict[str, Any]:
    """Return the number of jobs by state, in total and by job type, what is paused, and the accuracy of estimates.

    `eta.error` is the share of sampled starts outside of the estimated interval (0 to 1), since this process started.
    """
    depth, paused = await context.producer.depth(), await context.control.paused()
    names = sorted(depth.by_type.keys() | (paused & CATALOGUE.keys()))
    return {
        "pending": depth.queued,
        "delayed": depth.delayed,
        "in_progress": depth.running,
        "dead_letters": await context.dead_letters.count(),
        "paused": EVERYTHING in paused,
        "by_type": {
            n: {
                "pending": depth.queued_by_type.get(n, 0),
                "in_progress": depth.running_by_type.get(n, 0),
                "paused": n in paused or EVERYTHING in paused,
            }
            for n in names
        },
        "eta": {"samples": sum(context.calibration.counts.values()), "error": context.calibration.error},
    }


@router.post("/pause", summary="Pause a job type")
async def pause(context: Ctx, switch: Switch | None = None) -> dict[str, Any]:
    """Start no more jobs of a type, or of any. Running jobs continue, and submissions are accepted and wait."""
    await context.control.pause(_job_type(switch))
    return await _paused(context)


@router.post("/resume", summary="Resume a job type")
async def resume(context: Ctx, switch: Switch | None = None) -> dict[str, Any]:
    """Undo a pause. A type stays paused while it, or the whole queue, is paused."""
    await context.control.resume(_job_type(switch))
    return await _paused(context)


async def _paused(context: Ctx) -> dict[str, Any]:
    paused = await context.control.paused()
    return {"paused": EVERYTHING in paused, "paused_types": sorted(paused - {EVERYTHING})}


def _job_type(switch: Switch | None) -> str | None:
    job_type = None if switch is None else switch.job_type
    if job_type is not None and job_type not in CATALOGUE:
        raise invalid_request([FieldError(field="job_type", message=must_be_one_of(job_type, tuple(CATALOGUE)))])
    return job_type

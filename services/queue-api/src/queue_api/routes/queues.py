"""`/api/queues`: depths, and pausing and resuming job types."""

import time
from collections.abc import Sequence
from typing import Any

from darkroom_chassis.validation import invalid_request, must_be_one_of
from darkroom_queue import Bucket
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


THROUGHPUT_BUCKETS = 30
"""Complete buckets of the series over which throughput is the mean: five minutes."""
THROUGHPUT_MINUTES = 5


class Switch(Request):
    """What to pause or to resume."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"job_type": "sdxl_image_fast"}]})

    job_type: Line | None = Field(default=None, description="Null for the whole queue.")


@router.get("", summary="Count waiting and running jobs")
async def read_queues(context: Ctx) -> dict[str, Any]:
    """Return the number of jobs by state, in total and by job type, what is paused, and the accuracy of estimates.

    `oldest_age_s` is the time since the submission of the oldest job that waits, scheduled ones included, or null.
    `completed_per_minute` is the mean of the last five minutes. Both are up to a second old.
    `eta.error` is the share of sampled starts outside of the estimated interval (0 to 1), since this process started.
    """
    depth, paused = await context.producer.depth(), await context.control.paused()
    oldest, buckets = await context.jobs.oldest_waiting(), await context.series.read(buckets=THROUGHPUT_BUCKETS + 1)
    rates, now_ms = _completed_per_minute(buckets[:-1]), time.time_ns() // 1_000_000
    names = sorted(depth.by_type.keys() | oldest.keys() | rates.keys() | (paused & CATALOGUE.keys()))
    return {
        "pending": depth.queued,
        "delayed": depth.delayed,
        "in_progress": depth.running,
        "dead_letters": await context.dead_letters.count(),
        "oldest_age_s": _age_s(min(oldest.values(), default=None), now_ms),
        "completed_per_minute": round(sum(one.completed for one in buckets[:-1]) / THROUGHPUT_MINUTES, 2),
        "paused": EVERYTHING in paused,
        "by_type": {
            n: {
                "pending": depth.queued_by_type.get(n, 0),
                "in_progress": depth.running_by_type.get(n, 0),
                "oldest_age_s": _age_s(oldest.get(n), now_ms),
                "completed_per_minute": rates.get(n, 0.0),
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


def _completed_per_minute(buckets: Sequence[Bucket]) -> dict[str, float]:
    counts: dict[str, int] = {}
    for bucket in buckets:
        for name, number in (bucket.completed_by_type or {}).items():
            counts[name] = counts.get(name, 0) + number
    return {name: round(number / THROUGHPUT_MINUTES, 2) for name, number in counts.items()}


def _age_s(since_ms: int | None, now_ms: int) -> float | None:
    return None if since_ms is None else max(0, now_ms - since_ms) / 1000


async def _paused(context: Ctx) -> dict[str, Any]:
    paused = await context.control.paused()
    return {"paused": EVERYTHING in paused, "paused_types": sorted(paused - {EVERYTHING})}


def _job_type(switch: Switch | None) -> str | None:
    job_type = None if switch is None else switch.job_type
    if job_type is not None and job_type not in CATALOGUE:
        raise invalid_request([FieldError(field="job_type", message=must_be_one_of(job_type, tuple(CATALOGUE)))])
    return job_type

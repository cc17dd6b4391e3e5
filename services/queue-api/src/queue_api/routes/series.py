"""`/api/series`: what happened in the last hour, for charts."""

from typing import Any

from darkroom_queue.operate.series import BUCKET_MS
from fastapi import APIRouter, Depends

from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute

router = APIRouter(prefix="/series", tags=["queues"], dependencies=[Depends(require_token)], route_class=BoundedRoute)


@router.get("", summary="Read the last hour in ten-second buckets")
async def read_series(context: Ctx) -> dict[str, Any]:
    """Return 360 buckets, the oldest first; the last one is not complete. `at` is the beginning in Unix milliseconds.

    `waiting` and `busy_workers` are the numbers at that time, or null if no queue-api was running. The others count
    what happened in the ten seconds, each once whatever the number of replicas, and are up to a second old.
    """
    return {
        "bucket_s": BUCKET_MS // 1000,
        "buckets": [
            {
                "at": bucket.at_ms,
                "submitted": bucket.submitted,
                "started": bucket.started,
                "completed": bucket.completed,
                "failed": bucket.failed,
                "cancelled": bucket.cancelled,
                "waiting": bucket.waiting,
                "busy_workers": bucket.busy_workers,
            }
            for bucket in await context.series.read()
        ],
    }

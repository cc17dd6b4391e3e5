"""`/api/workers`, `/api/machines` and `/api/queues`: who works, and how much waits."""

from typing import Any

from fastapi import APIRouter, Depends

from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute

router = APIRouter(tags=["fleet"], dependencies=[Depends(require_token)], route_class=BoundedRoute)


@router.get("/workers", summary="List the live workers")
async def list_workers(context: Ctx) -> dict[str, Any]:
    """Return every registered worker with what it can do; `seen_at` is its latest beat, Unix milliseconds."""
    records = await context.registry.workers()
    workers = [r.info.model_dump(mode="json", exclude={"incarnation"}) | {"seen_at": r.seen_at_ms} for r in records]
    return {"workers": workers, "total": len(workers)}


@router.get("/machines", summary="List the machines with live workers")
async def list_machines(context: Ctx) -> dict[str, Any]:
    """Group the live workers by the machine that they run on."""
    machines: dict[str, list[str]] = {}
    for record in await context.registry.workers():
        machines.setdefault(record.info.machine_id, []).append(record.info.worker_id)
    return {"machines": [{"machine_id": m, "workers": sorted(w)} for m, w in sorted(machines.items())]}


@router.get("/queues", summary="Count waiting and running jobs")
async def read_queues(context: Ctx) -> dict[str, Any]:
    """Return the counters, in total and by job type, and how far the estimates of waiting can be trusted.

    `eta.error` is the share of sampled starts, since this process began, that fell outside of the estimated interval.
    """
    depth = await context.producer.depth()
    names = sorted(depth.by_type)
    return {
        "pending": depth.queued,
        "delayed": depth.delayed,
        "in_progress": depth.running,
        "by_type": {
            n: {"pending": depth.queued_by_type.get(n, 0), "in_progress": depth.running_by_type.get(n, 0)}
            for n in names
        },
        "eta": {"samples": sum(context.calibration.counts.values()), "error": context.calibration.error},
    }

"""`/api/workers`, `/api/machines` and `/api/queues`: live workers, their machines, and queue depths."""

from typing import Any

from fastapi import APIRouter, Depends

from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute

router = APIRouter(tags=["fleet"], dependencies=[Depends(require_token)], route_class=BoundedRoute)


@router.get("/workers", summary="List the live workers")
async def list_workers(context: Ctx) -> dict[str, Any]:
    """Return all live workers with their capabilities. `seen_at` is the latest heartbeat, in Unix milliseconds."""
    records = await context.registry.workers()
    workers = [r.info.model_dump(mode="json", exclude={"incarnation"}) | {"seen_at": r.seen_at_ms} for r in records]
    return {"workers": workers, "total": len(workers)}


@router.get("/machines", summary="List the machines with live workers")
async def list_machines(context: Ctx) -> dict[str, Any]:
    """Return the live workers, grouped by machine."""
    machines: dict[str, list[str]] = {}
    for record in await context.registry.workers():
        machines.setdefault(record.info.machine_id, []).append(record.info.worker_id)
    return {"machines": [{"machine_id": m, "workers": sorted(w)} for m, w in sorted(machines.items())]}


@router.get("/queues", summary="Count waiting and running jobs")
async def read_queues(context: Ctx) -> dict[str, Any]:
    """Return the number of jobs by state, in total and by job type, and the accuracy of start estimates.

    `eta.error` is the share of sampled starts outside of the estimated interval (0 to 1), since this process started.
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

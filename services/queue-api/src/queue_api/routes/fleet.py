"""`/api/workers`, `/api/machines` and `/api/backends`: live workers, their machines, and the servers behind them."""

from typing import Annotated, Any

from darkroom_chassis.errors import AppError
from darkroom_queue import WorkerRecord
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import WorkerId
from fastapi import APIRouter, Depends, Path

from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute

router = APIRouter(tags=["fleet"], dependencies=[Depends(require_token)], route_class=BoundedRoute)


@router.get("/workers", summary="List the live workers")
async def list_workers(context: Ctx) -> dict[str, Any]:
    """Return all live workers with their capabilities and running jobs.

    `seen_at` is the latest heartbeat, in Unix milliseconds.
    """
    workers = [_worker(record) for record in await context.registry.workers_with_steps()]
    return {"workers": workers, "total": len(workers)}


@router.post(
    "/workers/{worker_id}/drain",
    status_code=202,
    summary="Drain a worker",
    responses={404: {"description": "No live worker has this id"}},
)
async def drain_worker(worker_id: Annotated[str, Path(max_length=200)], context: Ctx) -> dict[str, Any]:
    """Let a worker finish its running jobs and take no more. It then leaves the list until its process restarts."""
    records = {record.info.worker_id: record for record in await context.registry.workers_with_steps()}
    record = records.get(WorkerId(worker_id))
    if record is None:
        raise AppError(404, ErrorCode.NOT_FOUND, "There is no such live worker.")
    await context.control.drain_worker(record.info.worker_id)
    return {"worker_id": worker_id, "draining": True, "running": len(record.held)}


@router.get("/machines", summary="List the machines with live workers")
async def list_machines(context: Ctx) -> dict[str, Any]:
    """Return the live workers, grouped by machine."""
    machines: dict[str, list[str]] = {}
    for record in await context.registry.workers():
        machines.setdefault(record.info.machine_id, []).append(record.info.worker_id)
    return {"machines": [{"machine_id": m, "workers": sorted(w)} for m, w in sorted(machines.items())]}


@router.get("/backends", summary="List the external back ends")
async def list_backends(context: Ctx) -> dict[str, Any]:
    """Return the back ends that answer, such as ComfyUI servers: each is served by a worker of its own.

    `queue_depth` counts its running jobs of this queue; `vram_gb` is the memory of its GPU.
    """
    records = [record for record in await context.registry.workers_with_steps() if record.info.capabilities.backends]
    backends = [_backend(record) for record in sorted(records, key=lambda one: one.info.capabilities.backends)]
    return {"backends": backends, "total": len(backends)}


def _worker(record: WorkerRecord) -> dict[str, Any]:
    described = record.info.model_dump(mode="json", exclude={"incarnation"})
    return described | {"seen_at": record.seen_at_ms, "running": len(record.held), "current_job_ids": record.held}


def _backend(record: WorkerRecord) -> dict[str, Any]:
    can = record.info.capabilities
    name, *aliases = can.backends
    return {
        "id": name,
        "aliases": aliases,
        "worker_id": record.info.worker_id,
        "machine_id": record.info.machine_id,
        "status": "busy" if record.held else "idle",
        "types": can.types,
        "models": can.models,
        "custom_nodes": can.custom_nodes,
        "tags": can.tags,
        "gpu": record.info.gpu,
        "vram_gb": can.vram_gb or None,
        "concurrency": record.info.concurrency,
        "queue_depth": len(record.held),
        "current_job_ids": record.held,
        "seen_at": record.seen_at_ms,
    }

"""Messages about workers, their back ends and machines, from changes of their status."""

from collections.abc import Iterable

from darkroom_schemas.channels import MachineState, WorkerState
from darkroom_schemas.worker import WorkerInfo

from queue_api.domain.frames import Frame, Message, Topic, frame

_GONE = frozenset({WorkerState.STOPPED, WorkerState.LOST})
_MACHINE_TYPES = {
    MachineState.READY: "machine_startup_complete",
    MachineState.SHUTDOWN: "machine_shutdown",
    MachineState.DISCONNECTED: "machine_disconnected",
}


def is_gone(status: WorkerState) -> bool:
    """Whether a worker with this status is no longer registered."""
    return status in _GONE


def worker_data(info: WorkerInfo, status: str) -> Message:
    """Describe a worker in the dialect's format."""
    can = info.capabilities
    return {
        "id": info.worker_id,
        "status": status,
        "capabilities": {
            "gpu_count": 1 if info.gpu else 0,
            "gpu_memory_gb": can.vram_gb,
            "gpu_model": info.gpu,
            "cpu_cores": None,
            "ram_gb": None,
            "services": list(can.types),
            "models": list(can.models),
            "customer_access": "loose",
            "max_concurrent_jobs": info.concurrency,
        },
    }


def connected(info: WorkerInfo, status: str, at_ms: int) -> list[Frame]:
    """Return the messages of a worker that appeared, with those of its back ends."""
    message = {
        "type": "worker_connected",
        "timestamp": at_ms,
        "worker_id": info.worker_id,
        "machine_id": info.machine_id,
        "worker_data": worker_data(info, status),
        "connected_at": at_ms,
        "jobs_completed": 0,
        "jobs_failed": 0,
    }
    return [frame(message, Topic.WORKERS), *_connectors(info, "active", at_ms)]


def disconnected(worker_id: str, info: WorkerInfo | None, reason: WorkerState | str, at_ms: int) -> list[Frame]:
    """Return the messages of a worker that stopped or was lost."""
    message = {
        "type": "worker_disconnected",
        "timestamp": at_ms,
        "worker_id": worker_id,
        "machine_id": info.machine_id if info else None,
        "reason": str(reason),
    }
    return [frame(message, Topic.WORKERS), *(_connectors(info, "inactive", at_ms) if info else ())]


def changed(info: WorkerInfo, old: str, new: str, current_job_id: str | None, at_ms: int) -> Frame:
    """Return the message of a worker that became busy or idle."""
    message = {
        "type": "worker_status_changed",
        "timestamp": at_ms,
        "worker_id": info.worker_id,
        "machine_id": info.machine_id,
        "old_status": old,
        "new_status": new,
        "current_job_id": current_job_id,
    }
    return frame(message, Topic.WORKERS)


def machine_changed(machine_id: str, status: MachineState, workers: int, at_ms: int, *, is_new: bool) -> list[Frame]:
    """Return the messages of a machine: its start, a change of its number of workers, or its end."""
    base = {"timestamp": at_ms, "machine_id": machine_id}
    data = {"status_data": {"status": status.value, "workers": workers}, "reason": status.value}
    if status is MachineState.READY and not is_new:
        return [frame(base | data | {"type": "machine_status_updated"}, Topic.MACHINES)]
    messages: list[Message] = [base | data | {"type": _MACHINE_TYPES[status]}]
    if status is MachineState.READY:
        messages.insert(0, base | {"type": "machine_startup", "phase": "ready", "host_info": {}})
    return [frame(message, Topic.MACHINES) for message in messages]


def _connectors(info: WorkerInfo, status: str, at_ms: int) -> Iterable[Frame]:
    """Yield the status of the external back end that a worker serves, if it serves one."""
    if not info.capabilities.backends:
        return
    message = {
        "type": "connector_status_changed",
        "timestamp": at_ms,
        "connector_id": info.capabilities.backends[0],
        "service_type": info.capabilities.types[0] if info.capabilities.types else None,
        "worker_id": info.worker_id,
        "status": status,
    }
    yield frame(message, Topic.WORKERS)

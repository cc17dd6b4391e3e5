"""Messages about workers, back ends and machines. They have no event id and are not repeated."""

from typing import Any, Literal

from queue_api.domain.server_messages.base import EXAMPLE_MS, Ms, Part, ServerMessage, example_of

WorkerStatusName = Literal["idle", "busy"]
_WORKER = {"worker_id": "local-1", "machine_id": "box"}
_READY = {"machine_id": "box", "status_data": {"status": "ready", "workers": 1}, "reason": "ready"}


class Capabilities(Part):
    """What a worker can do. What is not known is null."""

    gpu_count: int
    gpu_memory_gb: int
    gpu_model: str | None
    cpu_cores: int | None
    ram_gb: float | None
    services: list[str]
    models: list[str]
    customer_access: Literal["loose"]
    max_concurrent_jobs: int


class WorkerData(Part):
    """A worker."""

    id: str
    status: WorkerStatusName
    capabilities: Capabilities


EXAMPLE_WORKER = {
    "id": "local-1", "status": "idle",
    "capabilities": {
        "gpu_count": 1, "gpu_memory_gb": 24, "gpu_model": "NVIDIA L4", "cpu_cores": None, "ram_gb": None,
        "services": ["simulation"], "models": ["sdxl.safetensors"], "customer_access": "loose",
        "max_concurrent_jobs": 1,
    },
}  # fmt: skip


class WorkerConnected(ServerMessage):
    """A worker registered."""

    model_config = example_of(
        "worker_connected", **_WORKER, worker_data=EXAMPLE_WORKER, connected_at=EXAMPLE_MS, jobs_completed=0,
        jobs_failed=0,
    )  # fmt: skip

    type: Literal["worker_connected"]
    worker_id: str
    machine_id: str
    worker_data: WorkerData
    connected_at: Ms
    jobs_completed: int
    jobs_failed: int


class WorkerDisconnected(ServerMessage):
    """A worker stopped, or its heartbeats ended."""

    model_config = example_of("worker_disconnected", **_WORKER, reason="lost")

    type: Literal["worker_disconnected"]
    worker_id: str
    machine_id: str | None
    reason: Literal["stopped", "lost"]


class WorkerStatusChanged(ServerMessage):
    """A worker became busy or idle."""

    model_config = example_of(
        "worker_status_changed", **_WORKER, old_status="idle", new_status="busy", current_job_id="a"
    )

    type: Literal["worker_status_changed"]
    worker_id: str
    machine_id: str
    old_status: WorkerStatusName
    new_status: WorkerStatusName
    current_job_id: str | None


class ConnectorStatusChanged(ServerMessage):
    """An external back end came or went with its worker."""

    model_config = example_of(
        "connector_status_changed", connector_id="localhost_8188", service_type="comfyui", worker_id="local-1",
        status="active",
    )  # fmt: skip

    type: Literal["connector_status_changed"]
    connector_id: str
    service_type: str | None
    worker_id: str
    status: Literal["active", "inactive"]


class MachineData(Part):
    """The state of a machine."""

    status: str
    workers: int


class MachineStartup(ServerMessage):
    """The first worker of a machine registered."""

    model_config = example_of("machine_startup", machine_id="box", phase="ready", host_info={})

    type: Literal["machine_startup"]
    machine_id: str
    phase: Literal["ready"]
    host_info: dict[str, Any]


class _OfMachine(ServerMessage):
    machine_id: str
    status_data: MachineData
    reason: str


class MachineStartupComplete(_OfMachine):
    """Follows `machine_startup`."""

    model_config = example_of("machine_startup_complete", **_READY)

    type: Literal["machine_startup_complete"]


class MachineStatusUpdated(_OfMachine):
    """One more worker of a machine came or went."""

    model_config = example_of("machine_status_updated", **_READY)

    type: Literal["machine_status_updated"]


class MachineShutdown(_OfMachine):
    """The last worker of a machine stopped."""

    model_config = example_of(
        "machine_shutdown", machine_id="box", status_data={"status": "shutdown", "workers": 0}, reason="shutdown"
    )

    type: Literal["machine_shutdown"]


class MachineDisconnected(_OfMachine):
    """The last worker of a machine was lost."""

    model_config = example_of(
        "machine_disconnected", machine_id="box", status_data={"status": "disconnected", "workers": 0},
        reason="disconnected",
    )  # fmt: skip

    type: Literal["machine_disconnected"]


FLEET: tuple[type[ServerMessage], ...] = (
    WorkerConnected, WorkerDisconnected, WorkerStatusChanged, ConnectorStatusChanged, MachineStartup,
    MachineStartupComplete, MachineStatusUpdated, MachineShutdown, MachineDisconnected,
)  # fmt: skip

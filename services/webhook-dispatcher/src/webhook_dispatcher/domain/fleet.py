"""Workers and machines that come and go, as events for the operator's endpoints."""

from dataclasses import dataclass
from datetime import UTC, datetime

from darkroom_schemas.channels import MachineState, MachineStatusMessage, WorkerState, WorkerStatusMessage
from darkroom_schemas.ids import SYSTEM_TENANT
from darkroom_schemas.webhook import MACHINE_SHUTDOWN, MACHINE_STARTUP, WORKER_CONNECTED, WORKER_DISCONNECTED

from webhook_dispatcher.domain.events import Notice, Subject


@dataclass(frozen=True, slots=True)
class Sighting:
    """The state of a worker or machine at a time, in Unix ms. `name` is unique among both."""

    name: str
    connected: bool
    at_ms: int
    notice: Notice


def sighting(message: WorkerStatusMessage | MachineStatusMessage) -> Sighting:
    """Return a status message as a sighting, with the event to send if the state is new."""
    if isinstance(message, WorkerStatusMessage):
        connected = message.status not in {WorkerState.STOPPED, WorkerState.LOST}
        event, name = WORKER_CONNECTED if connected else WORKER_DISCONNECTED, f"worker:{message.worker_id}"
        data = {"worker_id": message.worker_id, "status": message.status.value}
        subject = Subject(worker_id=message.worker_id)
    else:
        connected = message.status is MachineState.READY
        event, name = MACHINE_STARTUP if connected else MACHINE_SHUTDOWN, f"machine:{message.machine_id}"
        data = {"machine_id": message.machine_id, "status": message.status.value}
        subject = Subject(machine_id=message.machine_id)
    moment = datetime.fromtimestamp(message.at_ms / 1000, UTC)
    notice = Notice(f"msg_{name}_{message.at_ms}", SYSTEM_TENANT, (event,), moment, data, subject)
    return Sighting(name, connected, message.at_ms, notice)

"""What the connectors of external back ends are built with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from darkroom_outbound import OutboundPolicy

from gpu_worker.backends.credentials import Credential
from gpu_worker.connectors.attempt import Storage


@dataclass(frozen=True, slots=True)
class Tools:
    """The storage of attempts, all credentials by name, the id of the back end's worker, and where jobs may send to."""

    storage: Storage
    credentials: Mapping[str, Credential]
    worker_id: str
    outbound: OutboundPolicy = field(default_factory=OutboundPolicy)

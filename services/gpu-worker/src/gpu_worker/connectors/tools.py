"""What the connectors of external back ends are built with."""

from collections.abc import Mapping
from dataclasses import dataclass

from gpu_worker.backends.credentials import Credential
from gpu_worker.connectors.attempt import Storage


@dataclass(frozen=True, slots=True)
class Tools:
    """The storage of attempts, and all credentials by name."""

    storage: Storage
    credentials: Mapping[str, Credential]

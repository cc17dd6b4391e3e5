"""What a worker tells the fleet about itself, and what a step may require of it."""

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.ids import WorkerId


class Requirements(Wire):
    """What a step needs of a worker. Lists mean all of them, numbers mean at least; empty means no filter."""

    type: str
    models: tuple[str, ...] = ()
    custom_nodes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    vram_gb: int = Field(default=0, ge=0, le=1024)
    backend: str | None = None


class Capabilities(Wire):
    """What a worker can do. Two workers with equal capabilities share one capability set in the queue."""

    types: tuple[str, ...]
    models: tuple[str, ...] = ()
    custom_nodes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    vram_gb: int = Field(default=0, ge=0)
    backends: tuple[str, ...] = ()


class WorkerInfo(Wire):
    """Registration of one worker process. `incarnation` is new at every start and begins every fencing token."""

    worker_id: WorkerId
    incarnation: str
    machine_id: str
    capabilities: Capabilities
    concurrency: int = Field(default=1, ge=1, le=1000)
    version: str
    gpu: str | None = None
    profile: str | None = None

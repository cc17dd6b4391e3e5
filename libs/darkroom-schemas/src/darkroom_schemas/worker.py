"""Registration of workers, and requirements of steps."""

from pydantic import Field

from darkroom_schemas.base import Wire
from darkroom_schemas.ids import WorkerId


class Requirements(Wire):
    """Requirements on a worker: all listed items, and at least the given numbers. Empty values require nothing."""

    type: str
    models: tuple[str, ...] = ()
    custom_nodes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    vram_gb: int = Field(default=0, ge=0, le=1024)
    backend: str | None = None


class Capabilities(Wire):
    """Capabilities of a worker. Workers with equal capabilities share a capability set in the queue."""

    types: tuple[str, ...]
    models: tuple[str, ...] = ()
    custom_nodes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    vram_gb: int = Field(default=0, ge=0)
    backends: tuple[str, ...] = ()


class WorkerInfo(Wire):
    """Registration of a worker process. `incarnation` is unique per start, and the prefix of its fencing tokens."""

    worker_id: WorkerId
    incarnation: str
    machine_id: str
    capabilities: Capabilities
    concurrency: int = Field(default=1, ge=1, le=1000)
    version: str
    gpu: str | None = None
    profile: str | None = None

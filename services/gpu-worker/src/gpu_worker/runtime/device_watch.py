"""Records the events of the GPU process for the worker's registration, log and metrics."""

from collections.abc import Callable

from darkroom_chassis.logs import get_logger

from gpu_worker.metrics import (
    CHILD_LOST,
    CHILD_READY,
    MEMORY_BYTES,
    MODEL_LOAD_SECONDS,
    MODEL_LOADS,
    MODELS_RESIDENT,
)
from gpu_worker.runtime.messages import Heartbeat, ModelLoaded, ModelRefused, Ready

log = get_logger(__name__)


class DeviceWatch:
    """Implements `ChildObserver`: holds the latest report of the GPU process, and passes its faults on."""

    def __init__(self, on_fault: Callable[[str], None]) -> None:
        self._on_fault = on_fault
        self.on_refused: Callable[[str, str], None] = lambda _name, _reason: None
        """Called with the name of a model that is no longer ready, and the reason."""
        self.device: Ready | None = None
        self.models: tuple[str, ...] = ()
        """The models that are loaded, as of the last heartbeat."""

    def ready(self, ready: Ready) -> None:
        self.device = ready
        CHILD_READY.set(1)
        log.info("The GPU process is ready", device=ready.device, device_name=ready.device_name)

    def heartbeat(self, heartbeat: Heartbeat) -> None:
        MEMORY_BYTES.set(heartbeat.memory_bytes)
        MODELS_RESIDENT.set(len(heartbeat.models))
        self.models = heartbeat.models

    def model_loaded(self, loaded: ModelLoaded) -> None:
        MODEL_LOADS.labels(loaded.model).inc()
        MODEL_LOAD_SECONDS.labels(loaded.model).inc(loaded.seconds)
        log.info("A model was loaded", model=loaded.model, seconds=loaded.seconds, memory_bytes=loaded.memory_bytes)

    def model_refused(self, refused: ModelRefused) -> None:
        self.on_refused(refused.model, refused.reason)

    def lost(self, reason: str, *, fault: bool) -> None:
        CHILD_READY.set(0)
        CHILD_LOST.inc()
        self.models = ()
        log.warning("The GPU process ended and is restarted", reason=reason)
        if fault:
            self._on_fault(reason)

"""What loading a model and running a step need: device, memory limits and models."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gpu_worker.models.registry import ModelEntry
from gpu_worker.runtime.device import Device
from gpu_worker.runtime.messages import MemoryPlan
from gpu_worker.runtime.model_cache import ModelCache


@dataclass(frozen=True, slots=True)
class LoadContext:
    """What loading a model needs."""

    device: Device
    models_dir: Path
    memory: MemoryPlan
    check: Callable[[], None] = lambda: None
    """Raises Stopped after a stop request for the step that needs the model; called between its parts."""

    def offloads(self, entry: ModelEntry) -> bool:
        """Return whether parts of a model stay in main memory while they do not compute."""
        if self.device.kind == "cpu" or self.memory.offload == "never":
            return False
        return self.memory.offload == "always" or entry.peak_bytes > self.device.budget_bytes


@dataclass(frozen=True, slots=True)
class PipelineContext:
    """What running a step needs."""

    device: Device
    memory: MemoryPlan
    models: ModelCache
    profile: str

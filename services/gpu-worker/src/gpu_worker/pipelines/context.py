"""What loading a model and running a step need: device, memory limits and models."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gpu_worker.models.demands import stage_shapes
from gpu_worker.models.profile import AnyPayload
from gpu_worker.pipelines.peaks import PeakRecorder
from gpu_worker.pipelines.text_cache import TextCache
from gpu_worker.runtime.device import Device
from gpu_worker.runtime.model_cache import AdmittedModel, ModelCache


@dataclass(frozen=True, slots=True)
class LoadContext:
    """What loading a model needs."""

    device: Device
    models_dir: Path
    check: Callable[[], None] = lambda: None
    """Raises Stopped after a stop request for the step that needs the model; called between its parts."""


@dataclass(frozen=True, slots=True)
class PipelineContext:
    """What running a step needs."""

    device: Device
    models: ModelCache
    peaks: PeakRecorder
    profile: str
    texts: TextCache

    def admit(self, payload: AnyPayload, added_bytes: int = 0) -> AdmittedModel:
        """Return the payload's model, placed for this step; raises a Failure if the step does not fit.

        `added_bytes` are weights that the step adds to the model.
        """
        return self.models.get(payload.model, stage_shapes(payload), added_bytes)

"""What loading a model and running a step need: device, memory limits and models."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from darkroom_schemas.payload import AnyPayload

from gpu_worker.models.demands import stage_shapes
from gpu_worker.models.files import ModelFiles, find_model
from gpu_worker.models.registry import ModelEntry
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
    files: Mapping[str, ModelFiles] = field(default_factory=dict)
    """The files of models by name."""

    def files_of(self, name: str, entry: ModelEntry) -> ModelFiles:
        """Return the files of a model; raises a MODEL_UNAVAILABLE Failure if they are not on this machine."""
        return self.files.get(name) or find_model(entry, self.models_dir)


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

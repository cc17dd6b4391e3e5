"""What a family declares beside `ModelFamily`: how its models are loaded, run and measured. Imports no torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from darkroom_schemas.payload import AnyPayload

from gpu_worker.domain.memory.footprint import Footprint
from gpu_worker.domain.memory.placement import Placement
from gpu_worker.models.family import ModelFamily
from gpu_worker.models.lora_folder import LoraUse

if TYPE_CHECKING:  # these import torch, and the service process has none
    from gpu_worker.models.registry import ModelEntry
    from gpu_worker.pipelines.context import LoadContext, PipelineContext
    from gpu_worker.pipelines.sink import OutputSink
    from gpu_worker.runtime.child_link import StepLink
    from gpu_worker.runtime.model_cache import LoadedModel

Payload = TypeVar("Payload", bound=AnyPayload)


@dataclass(frozen=True, slots=True)
class Work(Generic[Payload]):
    """One step to run."""

    payload: Payload
    context: "PipelineContext"
    link: "StepLink"
    open_sink: Callable[[int], "OutputSink"]
    """Opens what takes the outputs; the argument is the largest allowed file in bytes."""
    loras: tuple[LoraUse, ...] = ()
    inputs: Mapping[str, Path] = field(default_factory=dict)
    """The input files by the names of their fields in the payload."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a step: the seconds of each stage, notes for the user, and the text if it wrote one."""

    timings_s: dict[str, float]
    notes: tuple[str, ...] = ()
    text: str | None = None
    enhanced: bool | None = None


class Load(Protocol):
    """Loads a model and places its components."""

    def __call__(
        self, name: str, entry: "ModelEntry", placement: Placement, context: "LoadContext"
    ) -> "LoadedModel": ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineFamily(ModelFamily):
    """A family with its pipeline. Its functions import torch when they are called."""

    load: Load
    run: Callable[[Work[Any]], Finished]  # Any: a family's payloads are of the kind that it serves
    measure: Callable[[], Footprint]
    """Measures the family's architecture on torch's meta device."""

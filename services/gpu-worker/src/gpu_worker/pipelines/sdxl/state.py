"""The state that the stages of one SDXL job share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from darkroom_schemas.image_to_image import Hires
from darkroom_schemas.payload import ImagePayload

from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.pipelines.computation import Computation
from gpu_worker.pipelines.context import PipelineContext
from gpu_worker.pipelines.encoded_text import EncodedText
from gpu_worker.pipelines.sink import OutputSink
from gpu_worker.pipelines.source_image import SourceImage
from gpu_worker.runtime.model_cache import AdmittedModel

Start = Callable[[torch.Generator], torch.Tensor]
"""Draws the latents, of shape (1, channels, height / 8, width / 8), that one picture starts from."""


@dataclass(frozen=True, slots=True)
class FirstPass:
    """The first pass of a hires fix: each picture's batch shape and place in it, and whether the VAE used tiles."""

    places: tuple[tuple[tuple[int, ...], int], ...]
    tiled: bool


@dataclass(slots=True)
class SdxlState:
    """One job. `text` holds the encoded prompts, `batches` the finished latents, in the order of the seeds.

    `starts` holds what each picture starts from; None is noise alone.
    """

    payload: ImagePayload
    context: PipelineContext
    sink: OutputSink
    loras: tuple[LoraUse, ...] = ()
    inputs: Mapping[str, Path] = field(default_factory=dict)
    model: AdmittedModel | None = None
    computation: Computation | None = None
    text: EncodedText | None = None
    source: SourceImage | None = None
    encoded_in_tiles: bool = False
    starts: Sequence[Start] | None = None
    first: FirstPass | None = None
    batches: list[torch.Tensor] | None = None

    @property
    def loaded(self) -> AdmittedModel:
        """Return the model; raises LookupError before the load stage."""
        if self.model is None:
            raise LookupError("the model is not loaded yet")
        return self.model

    @property
    def computed(self) -> Computation:
        """Return how the latents were computed; raises LookupError before the denoise stage."""
        if self.computation is None:
            raise LookupError("nothing is denoised yet")
        return self.computation

    @property
    def hires(self) -> Hires:
        """Return the second pass; raises LookupError for a job without one."""
        if self.payload.hires is None:
            raise LookupError("the job has no second pass")
        return self.payload.hires

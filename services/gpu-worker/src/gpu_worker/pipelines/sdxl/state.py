"""The state that the stages of one SDXL job share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from darkroom_schemas.image_to_image import Hires
from darkroom_schemas.payload import ImagePayload

from gpu_worker.models.lora_folder import LoraUse
from gpu_worker.pipelines.job_state import JobState
from gpu_worker.pipelines.source_image import SourceImage

Start = Callable[[torch.Generator], torch.Tensor]
"""Draws the latents, of shape (1, channels, height / f, width / f), that one picture starts from.

f is the factor of the VAE: 8 for all published checkpoints.
"""


@dataclass(frozen=True, slots=True)
class FirstPass:
    """The first pass of a hires fix: each picture's batch shape and place in it, and whether the VAE used tiles."""

    places: tuple[tuple[tuple[int, ...], int], ...]
    tiled: bool


@dataclass(slots=True, kw_only=True)
class SdxlState(JobState):
    """One job. `text` holds the encoded prompts, `batches` the finished latents, in the order of the seeds.

    `starts` holds what each picture starts from; None is noise alone.
    """

    payload: ImagePayload
    loras: tuple[LoraUse, ...] = ()
    inputs: Mapping[str, Path] = field(default_factory=dict)
    source: SourceImage | None = None
    encoded_in_tiles: bool = False
    starts: Sequence[Start] | None = None
    first: FirstPass | None = None
    batches: list[torch.Tensor] | None = None

    @property
    def hires(self) -> Hires:
        """Return the second pass; raises LookupError for a job without one."""
        if self.payload.hires is None:
            raise LookupError("the job has no second pass")
        return self.payload.hires

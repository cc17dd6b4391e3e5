"""What the worker needs to know of a model family without loading torch. Each family declares itself in its folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from darkroom_schemas.payload import AnyPayload, ImagePayload, VideoPayload

from gpu_worker.domain.checkpoints.kind import CheckpointKind
from gpu_worker.domain.memory.footprint import Shape, StageName

Shapes = Mapping[StageName, Shape]


def drawing(payload: AnyPayload) -> ImagePayload | VideoPayload:
    """Return a payload that asks for pixels; raises TypeError for another one."""
    if isinstance(payload, ImagePayload | VideoPayload):
        return payload
    raise TypeError(f"a payload of the family {payload.family} asks for no image and no video")


@dataclass(frozen=True, slots=True)
class PipelineFolder:
    """The layout of diffusers: `model_index.json` names the pipeline's class, each component has a folder."""

    pipeline: str
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LanguageModelFolder:
    """The layout of transformers: one causal language model and its tokenizer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFamily:
    """A family of models that one pipeline loads and runs."""

    name: str
    """As model lists name it."""
    serves: tuple[str, ...]
    """Families of payloads that its models can run, as the catalogue names them."""
    folder: PipelineFolder | LanguageModelFolder
    architecture: str
    """Name in the book of footprints, of models that state no other."""
    stage_shapes: Callable[[AnyPayload], Shapes]
    """Returns the shape of each stage of a step."""
    build_tiny: Callable[[Path], None]
    """Writes a model with random weights into a folder. Needs torch."""
    usable_defaults: frozenset[str] = frozenset()
    """Fields of `ModelDefaults` that have an effect."""
    checkpoint: CheckpointKind | None = None
    """The kind of single-file checkpoint that it loads; None for none."""
    float32_vae: Literal["never", "own", "always"] = "never"
    """Whether the VAE computes in float32 beside other parts in half precision; `own`: unless it is replaced."""

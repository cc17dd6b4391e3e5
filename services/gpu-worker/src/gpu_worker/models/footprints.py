"""The footprint of each model that a profile offers: the book's, with the weights of the files that are here."""

import math
from dataclasses import replace
from pathlib import Path

from gpu_worker.domain.memory.footprint import (
    Component,
    Footprint,
    Point,
    Shape,
    StageFootprint,
    StageName,
)
from gpu_worker.models.families import family_of
from gpu_worker.models.footprint_book import Book
from gpu_worker.models.registry import ModelEntry, WeightType
from gpu_worker.models.weight_files import FLOAT32_BYTES, component_bytes

_HALF_BYTES = 2

_STAGES = (StageName.ENCODE, StageName.ENCODE_IMAGE, StageName.DENOISE, StageName.DECODE, StageName.WRITE)
_IN_FLOAT32 = {
    StageName.DECODE: StageName.DECODE_FP32,
    StageName.DECODE_TILED: StageName.DECODE_FP32_TILED,
    StageName.ENCODE_IMAGE: StageName.ENCODE_IMAGE_FP32,
    StageName.ENCODE_IMAGE_TILED: StageName.ENCODE_IMAGE_FP32_TILED,
}
"""The stages of the VAE, and those that stand for them if it computes in float32."""
_ANY_SHAPE = Shape(2**62, 2**62, 2**62)


def footprint_of(entry: ModelEntry, book: Book, path: Path | None, *, on_cpu: bool = False) -> Footprint:
    """Return the footprint of a model. `path` is where its files are; None if they are not on this machine.

    An entry that states `memory_bytes` and `peak_bytes` needs these for jobs of any size. A CPU computes in
    float32, so everything in half precision counts double there.
    """
    footprint = book[architecture_of(entry)]
    if entry.memory_bytes is not None and entry.peak_bytes is not None:
        return _stated(footprint, entry.memory_bytes, entry.peak_bytes)
    vae_rule = family_of(entry.family).float32_vae
    float32_vae = vae_rule == "always" or (vae_rule == "own" and entry.vae is None)
    if StageName.DECODE_FP32 in footprint.stages:
        footprint = _with_vae_in(footprint, float32=float32_vae)
    scale = FLOAT32_BYTES // _HALF_BYTES if on_cpu or entry.dtype is WeightType.FLOAT32 else 1
    footprint = _scaled(footprint, scale, float32_vae=float32_vae)
    if path is None:
        return footprint
    variant = getattr(entry.source, "variant", None)
    half = entry.dtype is WeightType.FLOAT16 and not on_cpu
    weights = component_bytes(path, _HALF_BYTES * scale, variant=variant, float32_vae=float32_vae, half=half)
    known = {component: size for component, size in weights.items() if component in footprint.weights}
    if entry.vae is not None:
        # The files are those of the VAE that is replaced.
        known.pop(Component.VAE, None)
    return replace(footprint, weights={**footprint.weights, **known})


def architecture_of(entry: ModelEntry) -> str:
    """Return the name of the model's architecture in the book."""
    return entry.footprint or family_of(entry.family).architecture


def peak_key(entry: ModelEntry) -> str:
    """Return under which name a device's measurements of a model are kept: they hold for its number formats only."""
    vae = "own" if entry.vae is None else "replaced"
    return f"{architecture_of(entry)}/{entry.dtype.value}/{vae}-vae"


def _stated(book: Footprint, memory_bytes: int, peak_bytes: int) -> Footprint:
    """Divide stated weights among the components as the book does; each stage may need all of the stated work."""
    share = memory_bytes / book.weights_bytes
    weights = {component: math.ceil(size * share) for component, size in book.weights.items()}
    work = StageFootprint((Point(_ANY_SHAPE, peak_bytes - memory_bytes),))
    return Footprint(weights, {stage: work for stage in _STAGES if stage in book.stages})


def _with_vae_in(footprint: Footprint, *, float32: bool) -> Footprint:
    """Let the VAE's stages be those of one in float32, or drop these."""
    stages = dict(footprint.stages)
    in_float32 = {usual: stages.pop(name) for usual, name in _IN_FLOAT32.items() if name in stages}
    if not float32:
        return replace(footprint, stages=stages)
    weights = {**footprint.weights, Component.VAE: 2 * footprint.weights[Component.VAE]}
    return Footprint(weights, stages | in_float32)


def _scaled(footprint: Footprint, scale: int, *, float32_vae: bool) -> Footprint:
    """Multiply everything but a VAE that is in float32 already."""
    if scale == 1:
        return footprint
    done = tuple(_IN_FLOAT32) if float32_vae else ()
    return Footprint(
        {
            component: size if float32_vae and component is Component.VAE else size * scale
            for component, size in footprint.weights.items()
        },
        {name: stage if name in done else stage.times(scale) for name, stage in footprint.stages.items()},
    )

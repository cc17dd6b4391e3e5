"""The numbers of a training. Another plan gives other weights; the same plan and seed give the same."""

from dataclasses import dataclass
from typing import NamedTuple


class Shape(NamedTuple):
    """A set of pictures of one format."""

    name: str
    width: int
    height: int
    pictures: int
    """How many are drawn."""
    share: float
    """Part of the denoiser's batches that are taken from it, in relation to the others."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All sizes and lengths of a training."""

    seed: int = 1
    shapes: tuple[Shape, ...] = (
        Shape("square", 256, 256, 16_000, 0.28),
        Shape("wide", 384, 256, 3_000, 0.05),
        Shape("tall", 256, 384, 3_000, 0.05),
        Shape("more", 256, 256, 36_000, 0.62),
    )
    captions_each: int = 2
    """Captions of each picture."""
    kept_pictures: int = 6_000
    """Square pictures of which the pixels are kept, for the autoencoder."""
    channels: int = 12
    """Of the latents, which have a sixteenth of each side."""
    vae_widths: tuple[int, ...] = (16, 32, 48, 56, 64)
    vocabulary_captions: int = 30_000
    """Captions of which the words become tokens."""
    text_hidden: tuple[int, int] = (32, 48)
    text_layers: int = 4
    pooled: int = 96
    """Width of the pooled text embedding."""
    unet_widths: tuple[int, int, int] = (32, 64, 128)
    text_steps: int = 1_800
    text_batch: int = 96
    decoder_steps: int = 3_100
    decoder_batch: int = 8
    denoiser_steps: int = 30_000
    denoiser_batch: int = 32
    thing_weight: float = 3.0
    """Weight of the loss inside the boxes of things."""
    expander_hidden: int = 128
    expander_layers: int = 4
    expander_steps: int = 3_000
    expander_batch: int = 48
    checkpoint_s: float = 300.0

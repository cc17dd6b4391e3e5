"""Designed latents: the main components of square blocks of pixels, so that no encoder has to be learned.

The linear map is fixed by the data. The spread of its components falls with the square root of what it is in the
pictures: coarse content stays strongest, and fine content is not drowned in noise too early.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

BLOCK_PX = 16
_LARGEST_SPREAD = 1.6

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DesignedLatents:
    """The linear map between blocks of 16 x 16 pixels and latents."""

    mean: Floats
    """Of shape (768,), values from -1 to 1, as all pixels here."""
    analysis: Floats
    """Of shape (768, channels)."""
    synthesis: Floats
    """Of shape (channels, 768)."""

    def encode(self, pixels: Pixels) -> Floats:
        """Return latents (n, channels, height / 16, width / 16) of pixels (n, height, width, 3)."""
        latents = (blocks_of(pixels) - self.mean) @ self.analysis
        return np.ascontiguousarray(latents.transpose(0, 3, 1, 2))

    def save(self, path: Path) -> None:
        """Write the map."""
        np.savez(path, mean=self.mean, analysis=self.analysis, synthesis=self.synthesis)


def load_latents(path: Path) -> DesignedLatents:
    """Read a map."""
    with np.load(path) as parts:
        return DesignedLatents(parts["mean"], parts["analysis"], parts["synthesis"])


def blocks_of(pixels: Pixels) -> Floats:
    """Return the blocks (n, height / 16, width / 16, 768) of pixels (n, height, width, 3), scaled to -1 to 1."""
    count, height, width, _ = pixels.shape
    split = pixels.reshape(count, height // BLOCK_PX, BLOCK_PX, width // BLOCK_PX, BLOCK_PX, 3)
    joined = split.transpose(0, 1, 3, 2, 4, 5).reshape(count, height // BLOCK_PX, width // BLOCK_PX, -1)
    return joined.astype(np.float32) / np.float32(127.5) - 1


def fit_latents(blocks: Floats, channels: int) -> DesignedLatents:
    """Return the map of the main components of blocks (n, 768)."""
    mean = blocks.mean(0)
    axes = np.linalg.eigh(np.cov((blocks - mean).T)).eigenvectors[:, ::-1][:, :channels]
    axes = axes * np.where(axes.sum(0) < 0, -1, 1)
    spreads = ((blocks - mean) @ axes).std(0)
    target = _LARGEST_SPREAD * np.sqrt(spreads / spreads[0])
    return DesignedLatents(
        mean=mean.astype(np.float32),
        analysis=(axes / spreads * target).astype(np.float32),
        synthesis=(axes * spreads / target).T.astype(np.float32),
    )


def as_images(pixels: Pixels) -> torch.Tensor:
    """Return pixels (n, height, width, 3) as a model takes them: (n, 3, height, width), from -1 to 1."""
    return torch.tensor(np.asarray(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1

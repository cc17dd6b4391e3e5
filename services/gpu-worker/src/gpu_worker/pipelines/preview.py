"""Previews during denoising: a linear map turns latents into colours, about once a second.

The map is fitted to each model's own decoder, on one small decode when the model is loaded, so that no table of
coefficients per family is needed.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from darkroom_schemas.channels import PreviewGrid
from numpy.typing import NDArray

from gpu_worker.pipelines.sink import OutputSink, Pixels
from gpu_worker.runtime.messages import PreviewFile

MIN_INTERVAL_S = 1.0
_PATCHES = 8
_PATCH = 3
"""Latents per side of a patch of one colour. Decoders mix neighbouring latents, so single ones would blend."""

Colours = NDArray[np.float32]
"""Shape (channels + 1, 3): red, green and blue for each channel of the latents, and an offset in the last row."""


def fit_colours(decode: Callable[[torch.Tensor], Pixels], channels: int) -> Colours:
    """Fit the map from latents to colours. `decode` takes latents of shape (1, channels, height, width)."""
    generator = torch.Generator("cpu").manual_seed(0)
    patches = torch.randn((1, channels, _PATCHES, _PATCHES), generator=generator)
    pixels = decode(patches.repeat_interleave(_PATCH, -1).repeat_interleave(_PATCH, -2))
    side = pixels.shape[0] // _PATCHES
    seen = pixels.reshape(_PATCHES, side, _PATCHES, side, 3).mean(axis=(1, 3)).reshape(-1, 3)
    given = patches[0].permute(1, 2, 0).reshape(-1, channels).numpy()
    colours, *_ = np.linalg.lstsq(np.hstack([given, np.ones((len(given), 1))]), seen, rcond=None)
    return np.asarray(colours, dtype=np.float32)


def fit_on_cpu(vae: Any, fit: Callable[[Any, torch.device], Colours]) -> Colours:  # Any: VAEs of diffusers are untyped
    """Fit the colour map of a VAE in main memory, in float32 meanwhile: CPUs are slow with half precision."""
    loaded_as = vae.dtype
    colours = fit(vae.to(torch.float32), torch.device("cpu"))
    vae.to(loaded_as)
    return colours


def draw(latents: torch.Tensor, colours: Colours) -> Pixels:
    """Turn latents of shape (channels, height, width) into pixels of shape (height, width, 3)."""
    values = latents.detach().float().cpu()
    # Some samplers scale latents by the remaining noise, far beyond the decoder's range.
    values = values / values.std().clamp(min=1.0)
    picture = np.einsum("chw,cr->hwr", values.numpy(), colours[:-1]) + colours[-1]
    pixels: Pixels = np.nan_to_num(picture).clip(0, 255).round().astype(np.uint8)
    return pixels


class Previews:
    """The previews of one step; without a colour map there are none."""

    def __init__(self, sink: OutputSink, colours: Colours | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink, self._colours, self._clock = sink, colours, clock
        self._drawn_at = clock()

    def of(self, changes: dict[str, Any], first: int = 0) -> PreviewFile | None:  # Any: what pipelines hand over
        """Write a preview of a batch's images or a video's middle frame, if the last preview is a second old.

        `first` is the number of the batch's first output.
        """
        latents = changes.get("latents")
        if self._colours is None or latents is None or self._clock() - self._drawn_at < MIN_INTERVAL_S:
            return None
        self._drawn_at = self._clock()
        pictures = [draw(one if one.dim() == 3 else one[:, one.shape[1] // 2], self._colours) for one in latents]
        grid = PreviewGrid(first=first, count=len(pictures), columns=math.ceil(math.sqrt(len(pictures))))
        return PreviewFile(path=self._sink.preview(in_grid(pictures, grid.columns)), grid=grid)


def in_grid(pictures: Sequence[Pixels], columns: int) -> Pixels:
    """Return pictures of equal size, row by row, as one; what is left of the last row is black."""
    height, width, _ = pictures[0].shape
    rows = -(-len(pictures) // columns)
    grid = np.zeros((rows * height, columns * width, 3), np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * height, place % columns * width
        grid[top : top + height, left : left + width] = picture
    return grid

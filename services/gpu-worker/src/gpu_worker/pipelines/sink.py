"""The port that takes the outputs of pipelines. Encoding runs behind it while the next image is decoded."""

from pathlib import Path
from typing import Protocol

import numpy as np
from darkroom_schemas.recipe import Recipe
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB of shape (height, width, 3) for an image, (frames, height, width, 3) for a video."""


class OutputSink(Protocol):
    """Takes the outputs of one step."""

    def image(self, index: int, pixels: Pixels, recipe: Recipe) -> None:
        """Queue an image for encoding; returns at once."""

    def video(self, index: int, frames: Pixels, fps: int, recipe: Recipe) -> None:
        """Queue a video for encoding; returns at once."""

    def preview(self, pixels: Pixels) -> Path:
        """Write a preview and return its path."""

    def finish(self) -> None:
        """Wait until all outputs are written; raises the first failure."""

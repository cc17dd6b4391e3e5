"""Where pipelines put what they drew. Encoding happens behind this port while the next picture is decoded."""

from pathlib import Path
from typing import Protocol

import numpy as np
from darkroom_schemas.recipe import Recipe
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""(height, width, 3) for a picture, (frames, height, width, 3) for a video."""


class OutputSink(Protocol):
    """Takes finished outputs of one step."""

    def image(self, index: int, pixels: Pixels, recipe: Recipe) -> None:
        """Take a picture; returns at once."""

    def video(self, index: int, frames: Pixels, fps: int, recipe: Recipe) -> None:
        """Take a video; returns at once."""

    def preview(self, pixels: Pixels) -> Path:
        """Store a small picture of how the output looks so far, and return where."""

    def finish(self) -> None:
        """Wait for all that was taken; raises the failure of the first that could not be stored."""

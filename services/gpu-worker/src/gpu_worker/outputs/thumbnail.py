"""Thumbnails of images, and poster frames of videos."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_LONGEST_SIDE = 384
_QUALITY = 80


def encode_thumbnail(pixels: NDArray[np.uint8]) -> bytes:
    """Return a WebP of at most 384 pixels a side. `pixels` has the shape (height, width, 3)."""
    image = Image.fromarray(pixels)
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=_QUALITY)
    return file.getvalue()

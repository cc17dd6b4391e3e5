"""Compares the pixels of two images or videos. Needs the extra `darkroom-client[compare]`: pillow, numpy and av."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from darkroom_client.errors import InvalidRequest

NEARLY = 1
"""Largest difference of a channel, of 255, between equal pictures of batches of different sizes."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much two files differ: by `largest` (0 to 255) at most, in `share` (0 to 1) of their pixels."""

    largest: int
    share: float

    @property
    def is_negligible(self) -> bool:
        """Return whether the pictures are equal but for the batch that they were drawn in."""
        return self.largest <= NEARLY


def compare(one: Path, other: Path, mime_type: str) -> Difference | None:
    """Compare two files frame by frame. Returns None if their sizes or numbers of frames differ.

    Raises `InvalidRequest` if the packages for it are missing.
    """
    try:
        import numpy as np

        pictures = _frames if mime_type.startswith("video/") else _picture
        largest, differing, pixels = 0, 0, 0
        for left, right in zip_longest(pictures(one), pictures(other)):
            if left is None or right is None or left.shape != right.shape:
                return None
            distance = np.abs(left.astype(np.int16) - right.astype(np.int16)).max(axis=-1)
            largest = max(largest, int(distance.max()))
            differing += int(np.count_nonzero(distance))
            pixels += distance.size
    except ModuleNotFoundError as error:
        raise InvalidRequest(
            f"The files differ. To compare their pixels, install darkroom-client[compare] ({error.name} is missing)."
        ) from None
    return Difference(largest, differing / pixels)


def _picture(file: Path) -> Iterator[Any]:  # Any: an array of shape (height, width, 3); numpy is optional
    import numpy as np
    from PIL import Image

    with Image.open(file) as image:
        yield np.asarray(image.convert("RGB"))


def _frames(file: Path) -> Iterator[Any]:
    import av

    with av.open(str(file)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")

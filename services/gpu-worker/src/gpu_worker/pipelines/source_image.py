"""Reads the picture and the mask that a step starts from. Their files are those of users, and not to be trusted."""

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.image_to_image import DEFAULT_MASK_BLUR
from darkroom_schemas.payload import ImagePayload
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from gpu_worker.domain.failures import Failure
from gpu_worker.pipelines.sink import Pixels

INIT_IMAGE, MASK_IMAGE = "init_image", "mask_image"
FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 2**26
"""Pixels of a file, 8192 x 8192: 200 MB when it is decoded."""
_SHAPE_TOLERANCE = 0.02
_BYTE = 255


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A picture of the size of the step. `mask` has the shape (height, width): white is drawn over, black stays."""

    pixels: Pixels
    sha256: str
    mask: NDArray[np.uint8] | None = None
    mask_sha256: str | None = None
    mask_blur: int | None = None

    def keep_unmasked(self, drawn: Pixels) -> Pixels:
        """Return the drawn pixels where the mask is white and the own ones where it is black; all without a mask."""
        if self.mask is None:
            return drawn
        share = self.mask[:, :, None].astype(np.float32) / _BYTE
        blended: Pixels = (self.pixels * (1 - share) + drawn * share).round().astype(np.uint8)
        return blended


def read_source(payload: ImagePayload, files: Mapping[str, Path]) -> SourceImage:
    """Read the files of a step by the names of their fields, scaled and cropped around the centre to its size.

    Transparent parts of a picture count as white, those of a mask as black. The edge of the mask is blurred.
    Raises an INVALID_PAYLOAD Failure that names the field.
    """
    size = (payload.width, payload.height)
    picture = _opened(INIT_IMAGE, files[INIT_IMAGE], "white")
    pixels = np.asarray(ImageOps.fit(picture, size, Image.Resampling.LANCZOS))
    digest = _digest(files[INIT_IMAGE])
    if payload.mask_image is None:
        return SourceImage(pixels, digest)
    mask = _opened(MASK_IMAGE, files[MASK_IMAGE], "black")
    if abs(mask.width * picture.height / (mask.height * picture.width) - 1) > _SHAPE_TOLERANCE:
        shapes = f"{picture.width}x{picture.height}, is {mask.width}x{mask.height}"
        raise _invalid(MASK_IMAGE, f"must have the proportions of the init_image: {shapes}")
    blur = DEFAULT_MASK_BLUR if payload.mask_blur is None else payload.mask_blur
    grey = ImageOps.fit(mask.convert("L"), size, Image.Resampling.BILINEAR)
    soft = np.asarray(grey.filter(ImageFilter.GaussianBlur(blur)) if blur else grey)
    return SourceImage(pixels, digest, soft, _digest(files[MASK_IMAGE]), blur)


def _opened(field: str, path: Path, background: str) -> Image.Image:
    """Decode a file to RGB, upright as its EXIF data says. Of an animation, the first frame counts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise _too_large(field, f"{image.width}x{image.height}")
                return _flat(_eight_bits(ImageOps.exif_transpose(image)), background)
    except (Failure, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(field, "more") from error
    except Exception as error:  # Pillow raises errors of many types for files that are damaged on purpose
        raise _invalid(field, f"must be a complete image, of the type {', '.join(FORMATS)}") from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return an image of 16 bits a pixel with 8, which Pillow would cut off at white."""
    if not image.mode.startswith("I"):
        image.load()
        return image
    values = np.asarray(image).astype(np.uint32)
    return Image.fromarray((values >> 8).clip(0, _BYTE).astype(np.uint8))


def _flat(image: Image.Image, background: str) -> Image.Image:
    """Return an RGB image with its transparent parts on a background."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    canvas = Image.new("RGBA", image.size, background)
    canvas.alpha_composite(image.convert("RGBA"))
    return canvas.convert("RGB")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _too_large(field: str, size: str) -> Failure:
    return _invalid(field, f"must have at most {MAX_PIXELS:,} pixels, has {size}")


def _invalid(field: str, message: str) -> Failure:
    return Failure(StepErrorCode.INVALID_PAYLOAD, f"{field}: {message}")

"""Decodes images of users with Pillow, in a thread and within limits."""

import asyncio
import io
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from platform_api.domain.assets.upload import MAX_UPLOAD_PIXELS, SUFFIXES, InspectedImage, NotAnImage

_FORMATS = ("PNG", "JPEG", "WEBP")
_THUMBNAIL_SIDE_PX = 384
_QUALITY = 80
_AT_ONCE = 2
"""Images that are decoded at once: one of 64 megapixels takes 256 MB."""


class PillowInspector:
    """Implements `ImageInspector`."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def inspect(self, path: Path) -> InspectedImage:
        async with self._places:
            return await asyncio.to_thread(_inspect, path)


def _inspect(path: Path) -> InspectedImage:
    kinds = ", ".join(SUFFIXES)
    try:
        with Image.open(path, formats=_FORMATS) as image:
            width, height = image.size
            if width * height > MAX_UPLOAD_PIXELS:
                raise NotAnImage(f"has {width} x {height} pixels, more than {MAX_UPLOAD_PIXELS:,}")
            mime_type = Image.MIME[str(image.format)]
            upright = ImageOps.exif_transpose(image)
            width, height = upright.size
            return InspectedImage(mime_type, width, height, _thumbnail(upright))
    except UnidentifiedImageError:
        raise NotAnImage(f"is no image of the types {kinds}") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what Pillow raises for damage
        raise NotAnImage(f"cannot be decoded: {error}"[:200]) from error


def _thumbnail(image: Image.Image) -> bytes:
    small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail((_THUMBNAIL_SIDE_PX, _THUMBNAIL_SIDE_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=_QUALITY)
    return file.getvalue()

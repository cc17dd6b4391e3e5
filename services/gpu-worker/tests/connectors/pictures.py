"""Pictures as servers send them."""

import io

from PIL import Image


def picture(width: int = 64, height: int = 48) -> bytes:
    """Return a small PNG."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 60, 20)).save(file, "PNG")
    return file.getvalue()

"""PNG files that carry their recipe, encoded as fast as the size limit allows."""

import io
import zlib
from importlib.util import find_spec

import numpy as np
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import Recipe
from numpy.typing import NDArray
from PIL import Image

from gpu_worker.domain.failures import Failure
from gpu_worker.outputs.parameters import parameters_text

_HEADER_END = 33
"""Bytes of the signature and the IHDR chunk; text chunks may follow them."""
_SLOWER_LEVELS = (6, 9)
_HAS_FPNG = find_spec("fpng_py") is not None


def encode_png(pixels: NDArray[np.uint8], recipe: Recipe, max_bytes: int) -> bytes:
    """Encode pixels of shape (height, width, 3) losslessly, with the recipe in text chunks.

    Compression is raised while the file is larger than `max_bytes`; raises an OUTPUT_TOO_LARGE Failure if none fits.
    """
    texts = b"".join(
        _text_chunk(key, text)
        for key, text in (("parameters", parameters_text(recipe)), ("darkroom", recipe.model_dump_json()))
    )
    smallest = 0
    for level in (None, *_SLOWER_LEVELS):
        encoded = _encode_fast(pixels) if level is None else _encode(pixels, level)
        if len(encoded) + len(texts) <= max_bytes:
            return encoded[:_HEADER_END] + texts + encoded[_HEADER_END:]
        smallest = len(encoded) + len(texts)
    raise Failure(StepErrorCode.OUTPUT_TOO_LARGE, f"The picture takes {smallest} bytes; its bucket allows {max_bytes}")


def _encode_fast(pixels: NDArray[np.uint8]) -> bytes:
    """Encode with fpng if it is installed: 30 times faster than Pillow, with files 20 % larger."""
    if not _HAS_FPNG:
        return _encode(pixels, 1)
    import fpng_py

    height, width, channels = pixels.shape
    return bytes(
        fpng_py.fpng_encode_image_to_memory(np.ascontiguousarray(pixels).tobytes(), width, height, channels, 0)
    )


def _encode(pixels: NDArray[np.uint8], level: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=level)
    return file.getvalue()


def _text_chunk(key: str, text: str) -> bytes:
    """Return a tEXt chunk, which more programs read, or for text beyond Latin-1 an iTXt chunk: UTF-8, uncompressed."""
    try:
        body = b"tEXt" + key.encode("latin-1") + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        body = b"iTXt" + key.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    return (len(body) - 4).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)

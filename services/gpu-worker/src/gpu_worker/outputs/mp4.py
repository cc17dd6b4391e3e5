"""MP4 files that every browser plays: H.264, yuv420p in BT.709, index at the start, exact frame rate.

A key frame each second lets a player seek to any second without decoding the whole video. Equal frames with an equal
recipe give equal files.
"""

import platform
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import Recipe, VideoEncoding
from numpy.typing import NDArray

from gpu_worker.domain.failures import Failure
from gpu_worker.outputs.parameters import parameters_text

_ENCODER: Final = "libx264"
_QUALITIES = (20, 24, 28, 33)
"""Constant rate factors, best quality first."""
_OPTIONS: Final = {"preset": "veryfast"} | (
    # With AVX-512, x264's macroblock tree reads memory that it never wrote, and one file in twenty differs. SSE4.2 is
    # as fast here, exists on every x86-64 processor since 2009, and gives the same file on all of them.
    {"x264-params": "asm=MMX2,SSE2,SSSE3,SSE4.2"} if platform.machine().lower() in {"x86_64", "amd64"} else {}
)
_BT709 = 1
"""Code point of BT.709 for colour primaries, transfer characteristics and matrix coefficients alike (ITU-T H.273)."""
_LIMITED_RANGE = 1


def encode_mp4(frames: NDArray[np.uint8], fps: int, recipe: Recipe, path: Path, max_bytes: int) -> Recipe:
    """Write frames of shape (frames, height, width, 3) as a video that carries its recipe.

    Returns the recipe that the video carries, which names the encoder and its options. The quality is lowered while
    the file is larger than `max_bytes`; raises an OUTPUT_TOO_LARGE Failure if none fits.
    """
    for quality in _QUALITIES:
        options = {**_OPTIONS, "crf": str(quality), "g": str(fps)}
        encoded = recipe.model_copy(update={"encoding": VideoEncoding(encoder=_ENCODER, options=options)})
        _write(frames, fps, encoded, path, options)
        if path.stat().st_size <= max_bytes:
            return encoded
    raise Failure(
        StepErrorCode.OUTPUT_TOO_LARGE, f"The video takes {path.stat().st_size} bytes; its bucket allows {max_bytes}"
    )


def _write(frames: NDArray[np.uint8], fps: int, recipe: Recipe, path: Path, encoding: Mapping[str, str]) -> None:
    import av

    _, height, width, _ = frames.shape
    options = {
        "movflags": "+faststart+use_metadata_tags",
        # The default, milliseconds, can't represent the duration of 97 frames at 16 fps.
        "movie_timescale": str(fps * 1000),
    }
    with av.open(str(path), "w", format="mp4", options=options) as container:
        container.metadata["comment"] = parameters_text(recipe)
        container.metadata["darkroom"] = recipe.model_dump_json()
        stream = container.add_stream(_ENCODER, rate=Fraction(fps))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = dict(encoding)
        codec = stream.codec_context
        codec.color_range = _LIMITED_RANGE
        codec.color_primaries = codec.color_trc = codec.colorspace = _BT709
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=_BT709)))
        container.mux(stream.encode())

"""Turns preview frames of a server into Darkroom's previews: WebP, at most two a second."""

import asyncio
import io
import time
from pathlib import Path

from PIL import Image

from gpu_worker.connectors.attempt import Attempt
from gpu_worker.connectors.media import write_thumbnail

_PAUSE_S = 0.5
_MAX_PIXELS = 20_000_000


class PreviewFrames:
    """The previews of one attempt. A frame that comes too early, or is no picture, is left out."""

    def __init__(self, current: Attempt) -> None:
        self._current = current
        self._shown_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def show(self, image: bytes) -> None:
        """Convert a frame in the background, and upload it."""
        now = time.monotonic()
        if now - self._shown_at >= _PAUSE_S and (self._task is None or self._task.done()):
            self._shown_at = now
            self._task = asyncio.create_task(self._convert(image))

    async def end(self) -> None:
        """Wait for the conversion that is in progress; it takes milliseconds."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _convert(self, image: bytes) -> None:
        path = self._current.folder / "preview.webp"
        if await asyncio.to_thread(_write, image, path):
            self._current.previews.show(path)


def _write(frame: bytes, path: Path) -> bool:
    """Write a frame as WebP; False if it is no picture."""
    part = path.with_suffix(".part")
    try:
        with Image.open(io.BytesIO(frame), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > _MAX_PIXELS:
                return False
            write_thumbnail(image, part)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    part.replace(path)  # at once, since the file before it may be read at the moment
    return True

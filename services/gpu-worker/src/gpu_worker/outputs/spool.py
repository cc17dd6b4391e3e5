"""Encodes outputs in threads and writes them to the spool folder, from which the service process uploads them.

The GPU process does not upload: it holds no credentials, a slow store never delays the GPU, and an upload is retried
without a second run of the pipeline.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from darkroom_schemas.recipe import Recipe

from gpu_worker.outputs.mp4 import encode_mp4
from gpu_worker.outputs.png import encode_png
from gpu_worker.outputs.thumbnail import encode_thumbnail
from gpu_worker.pipelines.sink import Pixels
from gpu_worker.runtime.messages import FileReady


class SpoolSink:
    """Implements `OutputSink` for one step."""

    def __init__(
        self,
        run_id: str,
        folder: Path,
        max_bytes: int,
        threads: ThreadPoolExecutor,
        announce: Callable[[FileReady], None],
    ) -> None:
        self._run_id = run_id
        self._folder = folder
        self._max_bytes = max_bytes
        self._threads = threads
        self._announce = announce
        self._encoding: list[Future[None]] = []
        self._previews = 0

    def image(self, index: int, pixels: Pixels, recipe: Recipe) -> None:
        """Queue an image for encoding; returns at once."""
        self._encoding.append(self._threads.submit(self._store_image, index, pixels, recipe))

    def video(self, index: int, frames: Pixels, fps: int, recipe: Recipe) -> None:
        """Queue a video for encoding; returns at once."""
        self._encoding.append(self._threads.submit(self._store_video, index, frames, fps, recipe))

    def preview(self, pixels: Pixels) -> Path:
        """Write a preview and return its path; takes a few milliseconds."""
        self._previews += 1
        path = self._folder / f"preview-{self._previews}.webp"
        path.write_bytes(encode_thumbnail(pixels))
        return path

    def finish(self) -> None:
        """Wait until all outputs are written; raises the first failure."""
        for encoding in self._encoding:
            encoding.result()

    def _store_image(self, index: int, pixels: Pixels, recipe: Recipe) -> None:
        path = self._folder / f"{index}.png"
        path.write_bytes(encode_png(pixels, recipe, self._max_bytes))
        self._announce(self._file(index, path, self._thumbnail(index, pixels), "image/png", pixels, recipe))

    def _store_video(self, index: int, frames: Pixels, fps: int, recipe: Recipe) -> None:
        path = self._folder / f"{index}.mp4"
        recipe = encode_mp4(frames, fps, recipe, path, self._max_bytes)
        poster = self._thumbnail(index, frames[0])
        file = self._file(index, path, poster, "video/mp4", frames[0], recipe)
        self._announce(file.model_copy(update={"frames": len(frames), "duration_s": len(frames) / fps}))

    def _thumbnail(self, index: int, pixels: Pixels) -> Path:
        path = self._folder / f"{index}.thumbnail.webp"
        path.write_bytes(encode_thumbnail(pixels))
        return path

    def _file(
        self, index: int, path: Path, thumbnail: Path, mime_type: str, picture: Pixels, recipe: Recipe
    ) -> FileReady:
        height, width, _ = picture.shape
        return FileReady(
            run_id=self._run_id,
            index=index,
            path=path,
            thumbnail=thumbnail,
            mime_type=mime_type,
            width=width,
            height=height,
            recipe=recipe,
        )

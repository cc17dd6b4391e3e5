"""The outputs of one attempt: uploads that run while the next file is made, and are undone if the attempt fails."""

import asyncio
from typing import Any

from darkroom_schemas.step import StepOutput

from gpu_worker.domain.failures import Stopped
from gpu_worker.domain.output_file import OutputFile
from gpu_worker.domain.ports import ObjectStore

_THUMBNAIL_TYPE = "image/webp"


class AttemptOutputs:
    """Uploads files into the folder of one attempt in the object store."""

    def __init__(self, store: ObjectStore, folder: str) -> None:
        self._store = store
        self._folder = folder
        self._tasks: list[asyncio.Task[StepOutput]] = []
        self._keys: list[str] = []

    def start(self, file: OutputFile) -> None:
        """Start the upload of a complete file."""
        self._tasks.append(asyncio.create_task(self._upload(file)))

    async def finish(self, stop: asyncio.Event) -> tuple[StepOutput, ...]:
        """Wait for all uploads and return the outputs by index; raises the first failure, and Stopped after a stop."""
        uploading, stopping = asyncio.gather(*self._tasks), asyncio.create_task(stop.wait())
        try:
            ends: set[asyncio.Future[Any]] = {uploading, stopping}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if not uploading.done():
            uploading.cancel()
            raise Stopped
        return tuple(sorted(uploading.result(), key=lambda output: output.index))

    async def abandon(self) -> list[str]:
        """Cancel the uploads and return the keys that they may have stored."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return self._keys

    async def _upload(self, file: OutputFile) -> StepOutput:
        key = f"{self._folder}/{file.index}{file.path.suffix}"
        thumbnail_key = None
        self._keys.append(key)
        stored = await self._store.put(key, file.path, file.mime_type)
        if file.thumbnail is not None:
            thumbnail_key = f"{self._folder}/{file.index}.thumbnail{file.thumbnail.suffix}"
            self._keys.append(thumbnail_key)
            await self._store.put(thumbnail_key, file.thumbnail, _THUMBNAIL_TYPE)
        return StepOutput(
            key=key,
            index=file.index,
            mime_type=file.mime_type,
            size_bytes=stored.size_bytes,
            sha256=stored.sha256,
            width=file.width,
            height=file.height,
            frames=file.frames,
            duration_s=file.duration_s,
            thumbnail_key=thumbnail_key,
            recipe=file.recipe,
        )

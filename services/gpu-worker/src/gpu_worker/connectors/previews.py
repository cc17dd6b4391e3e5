"""Uploads previews under one key: one upload at a time, and only the latest. A failed upload never fails the step."""

import asyncio
from contextlib import suppress
from pathlib import Path

from darkroom_chassis.logs import get_logger
from darkroom_schemas.channels import Preview, PreviewGrid

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import ObjectStore, StepRun

log = get_logger(__name__)
_MIME_TYPE = "image/webp"
_LAST_UPLOAD_S = 1.0


class PreviewUploads:
    """The previews of one attempt."""

    def __init__(self, store: ObjectStore, folder: str, run: StepRun) -> None:
        self._store, self._run = store, run
        self._key = f"{folder}/preview.webp"
        self._version = 0
        self._latest: tuple[Path, PreviewGrid] | None = None
        self._task: asyncio.Task[None] | None = None

    def show(self, path: Path, grid: PreviewGrid | None = None) -> None:
        """Queue a preview for upload; it replaces one that still waits. Without `grid` it shows the first output."""
        self._latest = path, grid or PreviewGrid()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._upload())

    async def end(self) -> None:
        """Delete the preview, since the attempt has ended. An upload in progress may take a second to end before.

        One that is cancelled may still be written to a folder on disk after the deletion.
        """
        if self._task is not None:
            self._latest = None
            await asyncio.wait({self._task}, timeout=_LAST_UPLOAD_S)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            with suppress(Failure):
                await self._store.delete(self._key)

    async def _upload(self) -> None:
        while self._latest is not None:
            (path, grid), self._latest = self._latest, None
            try:
                await self._store.put(self._key, path, _MIME_TYPE)
            except Failure as failure:
                log.warning("A preview could not be uploaded", step_id=self._run.step.id, reason=failure.message)
                return
            self._version += 1
            self._run.show_preview(Preview(key=self._key, version=self._version, grid=grid))

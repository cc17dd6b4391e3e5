"""What every attempt needs, whatever executes it: a folder for its files, their uploads, and previews."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from darkroom_schemas.step import StepResult

from gpu_worker.connectors.outputs import AttemptOutputs
from gpu_worker.connectors.previews import PreviewUploads
from gpu_worker.domain.object_keys import object_folder
from gpu_worker.domain.ports import Deletions, ObjectStore, StepRun

OpenSpool = Callable[[], AbstractContextManager[Path]]
"""Makes a folder in which one attempt's files wait for their upload; leaving the context removes it."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Where attempts store their files."""

    store: ObjectStore
    spool: OpenSpool
    deletions: Deletions


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt in progress. Files are written to `folder` and handed to `outputs` and `previews`."""

    run: StepRun
    folder: Path
    outputs: AttemptOutputs
    previews: PreviewUploads

    async def result(
        self,
        timings_s: Mapping[str, float],
        *,
        text: str | None = None,
        enhanced: bool | None = None,
        notes: tuple[str, ...] = (),
    ) -> StepResult:
        """Wait for the uploads and return the result; raises the first failure, and Stopped after a stop request."""
        started = time.perf_counter()
        stored = await self.outputs.finish(self.run.stop)
        self.run.progress(100.0, message="done")
        timings = dict(timings_s)
        if stored:
            timings["upload"] = round(time.perf_counter() - started, 3)
        return StepResult(outputs=stored, text=text, enhanced=enhanced, notes=notes, timings_s=timings)


@asynccontextmanager
async def attempt(run: StepRun, storage: Storage) -> AsyncIterator[Attempt]:
    """Open an attempt. If it fails or stops, its uploads are cancelled and what they stored is queued for deletion."""
    folder = object_folder(run.step)
    outputs = AttemptOutputs(storage.store, folder)
    previews = PreviewUploads(storage.store, folder, run)
    with storage.spool() as files:
        try:
            yield Attempt(run, files, outputs, previews)
        except BaseException:
            storage.deletions.discard(await outputs.abandon())
            raise
        finally:
            await previews.end()

"""Previews are uploaded one at a time, the latest only, and never cost more than themselves."""

import asyncio
from pathlib import Path

from darkroom_schemas.channels import Preview
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.connectors.previews import PreviewUploads
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import StoredObject
from support.fake_run import FakeRun, MakeRun

KEY = "job/1/00/1/preview.webp"


class SlowStore:
    """Keeps each upload waiting until it is let through; refuses if configured to."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.objects: dict[str, Path] = {}
        self.uploads: list[Path] = []
        self.begun, self.open = asyncio.Event(), asyncio.Event()
        self.refuses = refuses

    async def get(self, key: str, path: Path, max_bytes: int) -> StoredObject:
        raise LookupError("is not stored any more")

    async def put(self, key: str, path: Path, mime_type: str) -> StoredObject:
        self.uploads.append(path)
        self.begun.set()
        await self.open.wait()
        if self.refuses:
            raise Failure(StepErrorCode.STORAGE, "full", retryable=True)
        self.objects[key] = path
        return StoredObject(size_bytes=1, sha256="00")

    async def delete(self, key: str) -> None:
        self.objects.pop(key, None)


async def shown(run: FakeRun, count: int) -> None:
    async with asyncio.timeout(5):
        while len(run.previews) < count:
            await asyncio.wait_for(run.shown.wait(), 5)
            run.shown.clear()


async def test_previews_that_came_during_an_upload_are_skipped_but_for_the_latest(make_run: MakeRun) -> None:
    store, run = SlowStore(), make_run("sdxl_image_fast", {})
    previews = PreviewUploads(store, "job/1/00/1", run)
    previews.show(Path("1"))
    await store.begun.wait()
    previews.show(Path("2"))
    previews.show(Path("3"))
    store.open.set()
    await shown(run, 2)
    assert store.uploads == [Path("1"), Path("3")]
    assert run.previews == [Preview(key=KEY, version=1), Preview(key=KEY, version=2)]
    await previews.end()
    assert store.objects == {}


async def test_a_store_that_refuses_previews_does_not_hurt_the_step(make_run: MakeRun) -> None:
    store, run = SlowStore(refuses=True), make_run("sdxl_image_fast", {})
    previews = PreviewUploads(store, "job/1/00/1", run)
    store.open.set()
    previews.show(Path("1"))
    await store.begun.wait()
    await previews.end()
    assert run.previews == []


async def test_the_end_does_not_wait_for_an_upload(make_run: MakeRun) -> None:
    store, run = SlowStore(), make_run("sdxl_image_fast", {})
    previews = PreviewUploads(store, "job/1/00/1", run)
    previews.show(Path("1"))
    await store.begun.wait()
    async with asyncio.timeout(5):
        await previews.end()
    assert (run.previews, store.objects) == ([], {})

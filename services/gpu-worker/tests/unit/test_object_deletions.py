"""What nobody will ask for leaves the object store."""

import asyncio
from pathlib import Path

from darkroom_queue import Finish, Outcome
from darkroom_schemas.ids import StepId
from darkroom_schemas.step import StepOutput, StepResult
from gpu_worker.loops.object_deletions import ObjectDeletions
from gpu_worker.store.objects import ObjectUploads, open_store
from support.store_watch import StoreNotes


def finish(outcome: Outcome) -> Finish:
    output = StepOutput(
        key="job/1/00/1/0.png", index=0, mime_type="image/png", size_bytes=3, sha256="0" * 64,
        thumbnail_key="job/1/00/1/0.thumbnail.webp",
    )  # fmt: skip
    return Finish(StepId("job:1:00"), "token", outcome, StepResult(outputs=(output,)).model_dump_json())


async def left(store: Path, outcome: Outcome) -> list[str]:
    """Store three objects, let the queue refuse the finish that names two, and return which are left."""
    uploads, file = ObjectUploads(open_store(store.as_uri()), StoreNotes()), store.parent / "file"
    file.write_bytes(b"abc")
    for name in ("0.png", "0.thumbnail.webp", "1.png"):
        await uploads.put(f"job/1/00/1/{name}", file, "image/png")
    deletions = ObjectDeletions(uploads)
    task = asyncio.create_task(deletions.run())
    deletions.discard_refused(finish(outcome))
    deletions.discard(["job/1/00/2/never-stored.png"])
    await deletions.settle()
    task.cancel()
    return sorted(path.name for path in (store / "job/1/00/1").iterdir())


async def test_a_refused_success_leaves_none_of_its_outputs(tmp_path: Path) -> None:
    assert await left(tmp_path / "store", Outcome.OK) == ["1.png"]


async def test_a_refused_failure_names_nothing_to_delete(tmp_path: Path) -> None:
    assert len(await left(tmp_path / "store", Outcome.FAIL)) == 3


async def test_a_store_that_refuses_deletions_keeps_no_worker_from_stopping(tmp_path: Path) -> None:
    store = tmp_path / "store"
    deletions = ObjectDeletions(ObjectUploads(open_store(store.as_uri()), StoreNotes()))
    (store / "job").write_text("a file where a folder must be")
    task = asyncio.create_task(deletions.run())
    deletions.discard(["job/1/00/1/0.png", "job/1/00/1/1.png"])
    await deletions.settle()
    assert not task.done()
    task.cancel()

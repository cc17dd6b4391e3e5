"""Outputs reach the object store whole, or the attempt fails for a reason that another one may not have."""

import asyncio
import errno
import hashlib
from pathlib import Path

import pytest
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.domain.failures import Failure
from gpu_worker.store.objects import ObjectUploads, open_store
from gpu_worker.store.refusals import reason_of
from obstore.exceptions import GenericError, PermissionDeniedError
from support.store_watch import StoreNotes


async def test_an_object_is_stored_with_its_size_and_digest(tmp_path: Path) -> None:
    store = tmp_path / "not there yet"
    file = tmp_path / "0.png"
    file.write_bytes(b"picture")
    stored = await ObjectUploads(open_store(store.as_uri()), StoreNotes()).put("job/1/00/1/0.png", file, "image/png")
    assert (store / "job/1/00/1/0.png").read_bytes() == b"picture"
    assert stored.size_bytes == 7
    assert stored.sha256 == hashlib.sha256(b"picture").hexdigest()


async def test_the_same_key_can_be_written_again(tmp_path: Path) -> None:
    uploads = ObjectUploads(open_store((tmp_path / "store").as_uri()), StoreNotes())
    file = tmp_path / "0.png"
    for content in (b"first", b"second"):
        file.write_bytes(content)
        await uploads.put("0.png", file, "image/png")
    assert (tmp_path / "store/0.png").read_bytes() == b"second"


async def test_a_store_that_keeps_refusing_fails_the_attempt_but_not_the_step(tmp_path: Path) -> None:
    store = tmp_path / "store"
    uploads = ObjectUploads(open_store(store.as_uri()), StoreNotes(), patience_s=0.2, longest_pause_s=0.05)
    (store / "job").write_text("a file where a folder must be")
    file = tmp_path / "0.png"
    file.write_bytes(b"picture")
    with pytest.raises(Failure) as caught:
        await uploads.put("job/0.png", file, "image/png")
    assert caught.value.code is StepErrorCode.STORAGE
    assert caught.value.retryable


async def test_a_store_that_answers_is_ready(tmp_path: Path) -> None:
    await ObjectUploads(open_store((tmp_path / "store").as_uri()), StoreNotes()).check()


async def test_a_refused_file_is_kept_and_uploaded_again_until_the_store_takes_it(tmp_path: Path) -> None:
    store, watch = tmp_path / "store", StoreNotes()
    uploads = ObjectUploads(open_store(store.as_uri()), watch, longest_pause_s=0.05)
    (store / "job").write_text("a file where a folder must be")
    file = tmp_path / "0.png"
    file.write_bytes(b"picture")
    putting = asyncio.create_task(uploads.put("job/0.png", file, "image/png"))
    async with asyncio.timeout(10):
        await watch.refused_once.wait()
        (store / "job").unlink()
        await putting
    assert (store / "job/0.png").read_bytes() == b"picture"
    assert not watch.is_held


async def test_an_upload_that_gives_up_at_once_is_told_too(tmp_path: Path) -> None:
    store, watch = tmp_path / "store", StoreNotes()
    uploads = ObjectUploads(open_store(store.as_uri()), watch, patience_s=0)
    (store / "job").write_text("a file where a folder must be")
    file = tmp_path / "0.png"
    file.write_bytes(b"picture")
    with pytest.raises(Failure):
        await uploads.put("job/0.png", file, "image/png")
    assert watch.is_held


async def test_a_probe_leaves_nothing_behind(tmp_path: Path) -> None:
    store = tmp_path / "store"
    await ObjectUploads(open_store(store.as_uri()), StoreNotes()).probe()
    assert [path for path in store.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (GenericError("Unable to copy data: No space left (os error 28)"), "ENOSPC: No space left on device"),
        (OSError(errno.EROFS, "Read-only file system"), "EROFS: Read-only file system"),
        (PermissionDeniedError("PUT http://s3/b?X-Amz-Signature=s: status code: 403 Forbidden"), "HTTP 403 Forbidden"),
        (GenericError("HTTP error: error sending request for http://s3/b?X-Amz-Signature=s"), "no connection"),
        (GenericError("something else at http://s3/b?X-Amz-Signature=s"), "GenericError"),
    ],
)  # fmt: skip
def test_the_reason_is_short_and_holds_no_url(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason

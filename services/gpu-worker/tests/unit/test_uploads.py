"""Outputs reach the object store whole, or the attempt fails for a reason that another one may not have."""

import hashlib
from pathlib import Path

import pytest
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.domain.failures import Failure
from gpu_worker.store.objects import ObjectUploads, open_store


async def test_an_object_is_stored_with_its_size_and_digest(tmp_path: Path) -> None:
    store = tmp_path / "not there yet"
    file = tmp_path / "0.png"
    file.write_bytes(b"picture")
    stored = await ObjectUploads(open_store(store.as_uri())).put("job/1/00/1/0.png", file, "image/png")
    assert (store / "job/1/00/1/0.png").read_bytes() == b"picture"
    assert stored.size_bytes == 7
    assert stored.sha256 == hashlib.sha256(b"picture").hexdigest()


async def test_the_same_key_can_be_written_again(tmp_path: Path) -> None:
    uploads = ObjectUploads(open_store((tmp_path / "store").as_uri()))
    file = tmp_path / "0.png"
    for content in (b"first", b"second"):
        file.write_bytes(content)
        await uploads.put("0.png", file, "image/png")
    assert (tmp_path / "store/0.png").read_bytes() == b"second"


async def test_a_store_that_keeps_refusing_fails_the_attempt_but_not_the_step(tmp_path: Path) -> None:
    store = tmp_path / "store"
    uploads = ObjectUploads(open_store(store.as_uri()), longest_pause_s=0)
    (store / "job").write_text("a file where a folder must be")
    file = tmp_path / "0.png"
    file.write_bytes(b"picture")
    with pytest.raises(Failure) as caught:
        await uploads.put("job/0.png", file, "image/png")
    assert caught.value.code is StepErrorCode.STORAGE
    assert caught.value.retryable


async def test_a_store_that_answers_is_ready(tmp_path: Path) -> None:
    await ObjectUploads(open_store((tmp_path / "store").as_uri())).check()

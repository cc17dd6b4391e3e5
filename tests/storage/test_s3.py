"""Outputs on a real S3 server: stored by the worker, read in ranges and deleted by platform-api."""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gpu_worker.store.objects import ObjectUploads, open_store
from platform_api.clients.objects import CHUNK_BYTES, StoredObjects
from platform_api.domain.errors import StoreUnavailable
from support.s3_server import BUCKET, s3_server
from support.store_watch import StoreNotes

URL = f"s3://{BUCKET}/darkroom"
CONTENT = os.urandom(2 * CHUNK_BYTES + 1000)


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with s3_server(tmp_path_factory.mktemp("s3")) as environment:
        yield environment


@pytest.fixture
def objects(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> StoredObjects:
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return StoredObjects(URL)


async def store(key: str, tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_bytes(CONTENT)
    stored = await ObjectUploads(open_store(URL), StoreNotes()).put(key, file, "image/png")
    assert (stored.size_bytes, stored.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


async def test_what_the_worker_stored_is_read_whole_and_in_ranges(objects: StoredObjects, tmp_path: Path) -> None:
    await store("job/1/00/0.png", tmp_path)
    assert await objects.size("job/1/00/0.png") == len(CONTENT)
    for start, end in ((0, len(CONTENT)), (0, 1), (CHUNK_BYTES - 1, CHUNK_BYTES + 1), (len(CONTENT) - 5, len(CONTENT))):
        read = b"".join([part async for part in objects.read("job/1/00/0.png", start, end)])
        assert read == CONTENT[start:end]


async def test_deleting_removes_what_there_is_and_may_be_repeated(objects: StoredObjects, tmp_path: Path) -> None:
    keys = [f"job/2/00/{number}.png" for number in range(3)]
    for key in (keys[0], keys[2]):
        await store(key, tmp_path)
    for _ in range(2):
        await objects.delete(keys)
        assert [await objects.size(key) for key in keys] == [None, None, None]


async def test_objects_of_a_job_are_listed_by_age_and_no_others(objects: StoredObjects, tmp_path: Path) -> None:
    for job in ("job-4", "job-44"):
        await store(f"{job}/1/00/1-token/0.png", tmp_path)
    now, hour = datetime.now(UTC), timedelta(hours=1)
    assert await objects.keys("job-4", stored_before=now + hour) == ["job-4/1/00/1-token/0.png"]
    assert await objects.keys("job-4", stored_before=now - hour) == []


async def test_store_that_is_unavailable_is_an_error_to_try_again_after(
    objects: StoredObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    away = StoredObjects(URL, retry={"max_retries": 0, "retry_timeout": timedelta(seconds=1)})
    with pytest.raises(StoreUnavailable, match="rejected a deletion"):
        await away.delete(["job/3/00/0.png"])


async def test_a_folder_deletes_alike(tmp_path: Path) -> None:
    folder = StoredObjects(tmp_path.as_uri())
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "c").write_bytes(b"1")
    for _ in range(2):
        await folder.delete(["a", "b", "c"])
    assert list(tmp_path.iterdir()) == []

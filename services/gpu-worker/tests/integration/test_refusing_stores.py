"""Real stores that refuse: a full file system, a read-only one, and an S3-like server that answers 403 and 507."""

import asyncio
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from gpu_worker.store.objects import ObjectUploads, open_store
from support.store_watch import StoreNotes

PICTURE = b"picture" * 20_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "0.png"
    path.write_bytes(PICTURE)
    return path


class Bucket:
    """Answers PUT requests with the given statuses first, and keeps the objects of those that it accepts."""

    def __init__(self, statuses: list[int]) -> None:
        bucket = self
        self.statuses = statuses
        self.objects: dict[str, bytes] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = bucket.statuses.pop(0) if bucket.statuses else 200
                if status == 200:
                    bucket.objects[self.path] = body
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.send_header("ETag", '"1"')
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    # The driver itself tries a 507 three times, and a 403 once.
    made = Bucket([403, 403, 507, 507, 507])
    for name, value in {
        "AWS_ENDPOINT": f"http://127.0.0.1:{made.server.server_port}",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    thread = Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


async def test_a_bucket_that_refuses_for_a_time_gets_the_file_once_it_accepts(bucket: Bucket, file: Path) -> None:
    watch = StoreNotes()
    uploads = ObjectUploads(open_store("s3://pictures"), watch, longest_pause_s=0.05)
    async with asyncio.timeout(30):
        stored = await uploads.put("job/0.png", file, "image/png")
    assert stored.size_bytes == len(PICTURE)
    assert bucket.objects == {"/pictures/job/0.png": PICTURE}
    assert watch.reasons == ["HTTP 403 Forbidden", "HTTP 507 Insufficient Storage"]
    assert not watch.is_held


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "darkroom-test", folder], capture_output=True, check=False
    )
    if mounting.returncode != 0:
        pytest.skip("mounting a file system needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def _remount(folder: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", folder], check=True)


async def test_a_full_disk_gets_the_file_once_there_is_room(small_disk: Path, file: Path) -> None:
    watch, ballast = StoreNotes(), small_disk / "ballast"
    ballast.write_bytes(bytes(200_000))
    uploads = ObjectUploads(open_store(small_disk.as_uri()), watch, longest_pause_s=0.05)
    async with asyncio.timeout(30):
        putting = asyncio.create_task(uploads.put("job/0.png", file, "image/png"))
        await watch.refused_once.wait()
        ballast.unlink()
        await putting
    assert (small_disk / "job/0.png").read_bytes() == PICTURE
    assert set(watch.reasons) == {"ENOSPC: No space left on device"}


async def test_a_read_only_disk_gets_the_file_once_it_is_writable(small_disk: Path, file: Path) -> None:
    watch = StoreNotes()
    uploads = ObjectUploads(open_store(small_disk.as_uri()), watch, longest_pause_s=0.05)
    _remount(small_disk, "ro")
    async with asyncio.timeout(30):
        putting = asyncio.create_task(uploads.put("job/0.png", file, "image/png"))
        await watch.refused_once.wait()
        _remount(small_disk, "rw")
        await putting
    assert (small_disk / "job/0.png").read_bytes() == PICTURE
    assert set(watch.reasons) == {"EROFS: Read-only file system"}

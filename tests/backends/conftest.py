"""Real back ends, run by `make test-backends` only: they take minutes, and are installed apart."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from darkroom_schemas.ids import JobId, step_id
from gpu_worker.backends.entry import BackendEntry, BackendType
from gpu_worker.connectors.attempt import Storage
from gpu_worker.connectors.build import build_backend
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Backend
from gpu_worker.loops.object_deletions import ObjectDeletions
from gpu_worker.store.objects import ObjectUploads, open_store
from gpu_worker.store.spool import SpoolFolders
from support.comfyui import RealComfyUI
from support.fake_run import FakeRun
from support.store_watch import StoreNotes

if "TEST_BACKENDS" not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def comfyui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealComfyUI]:
    """Run one server for all tests that leave it alive."""
    server = RealComfyUI(tmp_path_factory.mktemp("comfyui"))
    server.start_blocking()
    yield server
    asyncio.run(server.kill())


@pytest.fixture(scope="session")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealComfyUI]:
    """Run a second server, which tests freeze and kill; they start it again."""
    server = RealComfyUI(tmp_path_factory.mktemp("victim"))
    server.start_blocking()
    yield server
    asyncio.run(server.kill())


@dataclass
class Bench:
    """Connectors of one worker, with a real object store."""

    uploads: ObjectUploads
    storage: Storage
    deletions: ObjectDeletions
    objects: Path
    spool: Path
    numbers: Iterator[int]

    @asynccontextmanager
    async def backend(self, server: RealComfyUI, worker_id: str = "worker@comfyui") -> AsyncIterator[Backend]:
        """Connect to a server."""
        entry = BackendEntry.model_validate({"type": BackendType.COMFYUI, "url": server.url})
        backend = build_backend(entry, Tools(self.storage, {}, worker_id))
        yield backend
        await backend.close()

    def run(self, graph: dict[str, Any], **changes: Any) -> FakeRun:
        """Return an attempt of a job of its own."""
        payload = {"bucket": "comfyui", "max_bytes": 20_000_000, "workflow": graph} | changes
        run = FakeRun("comfyui", payload, 1)
        job = JobId(f"job-{next(self.numbers)}-{id(self)}")
        run.step.job_id, run.step.id = job, step_id(job, 1, 0)
        return run

    def again(self, run: FakeRun) -> FakeRun:
        """Return another attempt of the same step."""
        other = FakeRun("comfyui", run.step.payload, 1)
        other.step.job_id, other.step.id, other.step.token = run.step.job_id, run.step.id, "worker.2.0"
        return other

    async def leftovers(self) -> list[str]:
        """Return the files in the object store and the spool folder, after all deletions."""
        await self.deletions.settle()
        return [path.name for folder in (self.objects, self.spool) for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    uploads = ObjectUploads(open_store((tmp_path / "objects").as_uri()), StoreNotes())
    deletions = ObjectDeletions(uploads)
    storage = Storage(uploads, SpoolFolders(tmp_path / "spool").folder, deletions)
    deleting = asyncio.create_task(deletions.run())
    yield Bench(uploads, storage, deletions, tmp_path / "objects", tmp_path / "spool", iter(range(1000)))
    deleting.cancel()

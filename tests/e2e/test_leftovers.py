"""A worker that is killed after it has stored something leaves nothing behind for good."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psutil
import pytest
from darkroom_chassis.database import Database
from darkroom_client import Client, JobState
from darkroom_local.state import RunningStack
from platform_api.clients.objects import StoredObjects
from platform_api.loops.orphan_collection import OrphanCollector
from platform_api.store.assets.orphan_scans import PostgresOrphanScans
from sqlalchemy import text
from support.stack import replicas_of
from support.waiting import until

pytestmark = pytest.mark.e2e


async def test_what_a_killed_worker_had_stored_is_collected_a_day_later(stack: RunningStack) -> None:
    environment = replicas_of(stack, "platform-api")[0].environ()
    store_url = environment["OBJECT_STORE_URL"]
    with Client(stack.platform_url, stack.api_key) as client:
        job_id = client.submit("sdxl_image_fast", "waves").id
        folder = Path(unquote(urlsplit(store_url).path)) / job_id
        await until(lambda: stored(folder), 120)  # the tiny models may have to be built first
        psutil.Process(stack.pids["gpu-worker"]).kill()
        await asyncio.to_thread(lambda: list(client.jobs.stream(job_id)))
        job = client.jobs.get(job_id)
    assert (job.status, len(job.assets)) == (JobState.COMPLETED, 6)
    assert len(await stored(folder)) > 12, "the worker was killed before it had reported what it stored"
    for path in await stored(folder):
        os.utime(path, (time.time() - 90_000, time.time() - 90_000))
    database = Database(environment["PLATFORM_DATABASE_URL"], application="test", pool_size=2)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE platform.leftover_checks SET due_at = now()"))
    keeper = OrphanCollector(PostgresOrphanScans(database), StoredObjects(store_url), clock=lambda: datetime.now(UTC))
    await keeper.collect_batch()
    await database.close()
    assert len(await stored(folder)) == 12


async def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]

"""While Redis is away jobs are accepted and read, and when it is back they run."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.valkey import EmbeddedValkey


class Switched:
    """A Valkey of its own that keeps its data while it is off."""

    def __init__(self, folder: Path, processes: ExitStack) -> None:
        self._server, self._processes, self._folder = EmbeddedValkey(folder, free_ports(1)[0]), processes, folder
        self.url = self._server.url

    async def on(self) -> None:
        await asyncio.to_thread(self._processes.enter_context, running(self._server.prepare(), self._folder / "log"))

    async def off(self) -> None:
        await asyncio.to_thread(self._processes.close)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Switched]:
    with ExitStack() as processes:
        yield Switched(tmp_path / "valkey", processes)


async def test_jobs_accepted_before_and_during_an_outage_run_after_it(
    start_platform: Any, start_worker: Any, own_redis: Switched
) -> None:
    await own_redis.on()
    platform = await start_platform(redis_url=own_redis.url)
    anna = await platform.account("anna")
    before = (await anna.submit("image_fast"))["id"]
    await own_redis.off()
    during = (await anna.submit("image_fast"))["id"]
    assert (await anna.job(before))["status"] == "queued"
    assert (await anna.http.get("/api/jobs")).json()["pagination"]["total"] == 2
    assert (await anna.http.get("/api/queue-status")).status_code == 200
    assert (await anna.http.get("/readyz")).status_code == 200
    await own_redis.on()
    await start_worker(url=own_redis.url)
    for job_id in (before, during):
        assert (await anna.finished(job_id))["status"] == "completed"
    assert await anna.credits() == 99

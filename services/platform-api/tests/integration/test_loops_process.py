"""The loops in a process of their own: jobs run to their end, and a submission wakes the relay at once."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from darkroom_local.servers.ports import free_ports
from support.platform import Platform, StartPlatform, StartWorker
from support.waiting import until

StartLoops = Callable[[Platform], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def start_loops() -> AsyncIterator[StartLoops]:
    """Start `python -m platform_api loops` for a platform, ready when this returns."""
    started: list[asyncio.subprocess.Process] = []

    async def start(platform: Platform) -> asyncio.subprocess.Process:
        port = free_ports(1)[0]
        env = platform.environment() | {"PLATFORM_LOOPS_PORT": str(port)}
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "platform_api", "loops", env=env)
        started.append(process)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

            async def ready() -> bool:
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(ready, 30)
            assert "darkroom_" in (await client.get("/metrics")).text
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_jobs_run_to_their_end(
    start_platform: StartPlatform, start_worker: StartWorker, start_loops: StartLoops
) -> None:
    platform = await start_platform(PLATFORM_LOOPS=False)
    await start_worker()
    process = await start_loops(platform)
    anna = await platform.account("anna")
    job = await anna.finished((await anna.submit())["id"])
    assert job["status"] == "completed"
    assert len(job["metadata"]["all_assets"]) == 6
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == 0


async def test_what_is_submitted_without_loops_is_relayed_once_they_run(
    start_platform: StartPlatform, start_worker: StartWorker, start_loops: StartLoops
) -> None:
    platform = await start_platform(PLATFORM_LOOPS=False)
    await start_worker()
    anna = await platform.account("anna")
    job = await anna.submit()
    assert (await anna.job(job["id"]))["status"] == "queued"
    assert await platform.rows("SELECT count(*) FROM platform.outbox WHERE kind = 'submit'") == [(1,)]
    await start_loops(platform)
    assert (await anna.finished(job["id"]))["status"] == "completed"


async def test_a_removed_asset_is_deleted_at_once(
    start_platform: StartPlatform, start_worker: StartWorker, start_loops: StartLoops
) -> None:
    platform = await start_platform(PLATFORM_LOOPS=False)
    await start_worker()
    await start_loops(platform)
    anna = await platform.account("anna")
    job = await anna.finished((await anna.submit())["id"])
    assert any(platform.objects.rglob("*.png"))
    for asset in (await anna.http.get("/api/assets", params={"job_id": job["id"]})).json()["assets"]:
        assert (await anna.http.delete(f"/api/assets/{asset['id']}")).status_code == 200

    async def gone() -> bool:
        return not any(platform.objects.rglob("*.png"))

    await until(gone, 10)  # by itself, the loop looks every 30 s only

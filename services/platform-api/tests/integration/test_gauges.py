"""The backlog that the metrics show: the outbox, active jobs and reserved credits."""

import httpx
from darkroom_chassis.database import Database
from platform_api.store.log.backlog import PostgresPlatformBacklog
from support.platform import StartPlatform, StartWorker
from support.waiting import until


async def test_a_job_that_waits_for_its_relay_is_in_the_backlog(start_platform: StartPlatform) -> None:
    platform = await start_platform(PLATFORM_LOOPS=False)
    anna = await platform.account("anna")
    await anna.submit()
    database = Database(platform.environment()["PLATFORM_DATABASE_URL"], application="test", pool_size=1)
    try:
        found = await PostgresPlatformBacklog(database).measure()
    finally:
        await database.close()
    assert found.jobs == {"queued": 1}
    assert found.outbox_rows >= 1
    assert found.outbox_age_s >= 0
    assert found.outbox_rejected == 0
    [(price_mc,)] = await platform.rows("SELECT price_mc FROM platform.jobs")
    assert found.reserved_mc == price_mc


async def test_the_end_of_a_job_is_measured(start_platform: StartPlatform, start_worker: StartWorker) -> None:
    platform = await start_platform()
    await start_worker()
    anna = await platform.account("anna")
    await anna.finished((await anna.submit())["id"])
    async with httpx.AsyncClient(base_url=platform.url) as client:

        async def shown() -> bool:
            text = (await client.get("/metrics")).text
            return 'darkroom_job_seconds_count{job_type="sdxl_image_fast",status="completed"}' in text

        await until(shown, 10)
        text = (await client.get("/metrics")).text
    assert 'darkroom_job_wait_seconds_count{job_type="sdxl_image_fast"}' in text
    assert 'darkroom_build_info{service="Darkroom platform API",version="0.1.0"} 1.0' in text

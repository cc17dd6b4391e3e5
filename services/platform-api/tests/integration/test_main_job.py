"""A job goes all the way: accepted, run by a worker, delivered, paid, and reported by events."""

import asyncio

from darkroom_queue import EventLog, Handler, ProgressFeed, QueueClient, StepContext
from darkroom_schemas.ids import TenantId
from darkroom_schemas.job import JobEventData
from darkroom_schemas.step import StepResult
from support.platform import Platform, StartWorker


async def test_sdxl_job_delivers_six_assets_and_is_charged(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna", credits=10)
    accepted = await anna.submit("sdxl_image_fast", prompt="a lighthouse at dawn", seed=2**64 - 2)
    assert accepted["status"] == "queued"
    job = await anna.finished(accepted["id"])
    assert job["status"] == "completed"
    assert job["data"]["status"] == "completed"
    assert job["data"]["progress"] == 100
    assert job["metadata"]["seeds"] == [2**64 - 2, 2**64 - 1, 0, 1, 2, 3]
    urls = job["metadata"]["all_assets"]
    assert len(set(urls)) == 6
    assert job["metadata"]["primary_asset"] == urls[0] == job["data"]["workflow_output"]
    assert await anna.credits() == 10 - 1.5
    assets = (await anna.http.get("/api/assets")).json()
    assert assets["success"] is True
    assert assets["total"] == 6
    async with platform.client() as anonymous:
        for url in urls:
            assert len((await anonymous.get(platform.local(url))).content) == 1024


async def test_enhanced_job_runs_two_steps_and_keeps_the_enhanced_prompt(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    accepted = await anna.submit("video7b_fast_enhanced", prompt="a boat")
    job = await anna.finished(accepted["id"])
    assert job["status"] == "completed"
    assert job["metadata"]["enhanced_prompt"] == "a boat, in golden light"
    assert job["metadata"]["prompt"] == "a boat"
    payloads = await platform.rows("SELECT payload FROM platform.steps ORDER BY number")
    assert payloads[1][0]["prompt"] == "a boat, in golden light"
    assert payloads[1][0]["original_prompt"] == "a boat"
    assert await anna.credits() == 100 - 5.5


async def test_text_job_gives_text(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job = await anna.finished((await anna.submit("prompt_enhance", prompt="a boat"))["id"])
    assert job["status"] == "completed"
    assert job["data"]["workflow_output"] == "a boat, in golden light"


async def test_ledger_adds_up_and_history_is_sent_once(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    await anna.finished((await anna.submit("image_fast", prompt="a boat"))["id"])
    ledger = dict(await platform.rows("SELECT kind, sum(amount_mc) FROM platform.credit_ledger GROUP BY kind"))
    assert ledger == {"grant": 100_000, "reserve": 500, "capture": 500}
    history = await platform.rows("SELECT event, event_id IS NOT NULL FROM platform.job_history ORDER BY seq")
    assert history == [("created", True), ("node_started", True), ("complete", True)]
    assert await platform.rows("SELECT * FROM platform.outbox") == []


async def test_events_carry_the_whole_job(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    accepted = await anna.submit("image_fast", prompt="a boat")
    await anna.finished(accepted["id"])
    link = await QueueClient.open(platform.redis_url)
    events = [event for event in await EventLog(link).read(None) if event.type.startswith(("job.", "asset."))]
    await link.close()
    assert [event.type for event in events] == ["job.created", "job.started", "asset.created", "job.completed"]
    data = JobEventData.model_validate(events[-1].data)
    assert data.job.charged_mc == 500
    assert data.job.outputs[0].url.startswith(platform.settings.public_url)
    assert events[-1].tenant == TenantId(anna.id)
    [(last_event_id,)] = await platform.rows("SELECT last_event_id FROM platform.jobs")
    assert last_event_id == events[-1].id


async def test_channel_reports_the_progress_of_a_job_over_all_of_its_steps(
    platform: Platform, start_worker: StartWorker, produce: Handler
) -> None:
    """The seed's own readers listen to `job:progress:<job>` in Redis."""
    anna, heard = await platform.account("anna"), asyncio.Event()

    async def tell_half(context: StepContext) -> StepResult:
        heard.clear()
        context.progress(50)
        await heard.wait()
        return await produce(context)

    link = await QueueClient.open(platform.redis_url)
    async with ProgressFeed(link) as feed, asyncio.timeout(20):
        await feed.add_all()
        job_id = (await anna.submit("video7b_fast_enhanced", prompt="a boat"))["id"]
        await start_worker(tell_half)
        sent = []
        async for message in feed:
            sent.append((message.job_id, message.progress, message.percent_of_step))
            heard.set()
            if len(sent) == 2:
                break
    await link.close()
    assert sent == [(job_id, 25, 50), (job_id, 75, 50)]
    assert (await anna.finished(job_id))["status"] == "completed"

"""A job's stream: events in order, ended by the job's end, resumed without a gap or a double."""

import asyncio

import redis.asyncio as redis
from darkroom_queue import StepContext
from darkroom_schemas.step import StepResult
from httpx_sse import ServerSentEvent, aconnect_sse
from support.platform import Platform, StartWorker


def histories(events: list[ServerSentEvent]) -> list[tuple[int, str]]:
    """List the history entries that a listener received, in order."""
    sent = []
    for event in events:
        data = event.json()
        entries = {
            "history_init": data,
            "job_history": [data],
            "reset": data.get("history") if isinstance(data, dict) else None,
        }
        sent += [(entry["seq"], entry["event"]) for entry in entries.get(event.event) or []]
    return sent


TEXT_JOB = [(1, "created"), (2, "node_started"), (3, "complete")]


async def restart_empty(redis_url: str) -> None:
    """Make Redis look like one that came back without its data: no keys, cut connections."""
    async with redis.Redis.from_url(redis_url) as server:
        pipeline = server.pipeline(transaction=True)
        pipeline.flushall()
        pipeline.client_kill_filter(_type="normal", skipme=True)
        pipeline.client_kill_filter(_type="pubsub")
        await pipeline.execute()


class Gate:
    """A handler that signals when a step has begun, and ends it at a signal."""

    def __init__(self) -> None:
        self.begun, self.open = asyncio.Event(), asyncio.Event()

    async def __call__(self, context: StepContext) -> StepResult:
        context.progress(40)
        self.begun.set()
        await self.open.wait()
        return StepResult(text="an answer")


async def test_stream_reports_everything_once_and_ends(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("video7b_fast_enhanced", prompt="a boat"))["id"]
    following = asyncio.create_task(anna.events(job_id))
    await start_worker()
    events = await asyncio.wait_for(following, 20)
    assert [event.event for event in events[:2]] == ["history_init", "job_update"]
    assert histories(events) == [
        (1, "created"),
        (2, "node_started"),
        (3, "node_completed"),
        (4, "node_started"),
        (5, "complete"),
    ]
    assert events[-1].event == "job_history"
    last_update = [event.json() for event in events if event.event == "job_update"][-1]
    assert last_update["status"] == "completed"
    assert last_update["workflow_output"]
    ids = [event.id for event in events if event.event == "job_history"]
    assert len(set(ids)) == len(ids) >= 4


async def test_resuming_after_any_event_reports_exactly_the_rest(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("video7b_fast_enhanced", prompt="a boat"))["id"]
    following = asyncio.create_task(anna.events(job_id))
    await start_worker()
    whole = [event for event in await asyncio.wait_for(following, 20) if event.event == "job_history"]
    for position, event in enumerate(whole[:-1]):
        resumed = await asyncio.wait_for(anna.events(job_id, event.id), 10)
        rest = [e for e in resumed if e.event == "job_history"]
        assert [(e.id, e.data) for e in rest] == [(e.id, e.data) for e in whole[position + 1 :]]
        assert "history_init" not in [e.event for e in resumed]


async def test_resuming_in_the_middle_goes_on_live(platform: Platform, start_worker: StartWorker) -> None:
    gate = Gate()
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    async with asyncio.timeout(20):
        async with aconnect_sse(anna.http, "GET", f"/api/jobs/{job_id}/stream") as source:
            events = source.aiter_sse()
            assert (await anext(events)).event == "history_init"
            await start_worker(gate)
            async for event in events:
                if event.event == "job_history" and event.json()["event"] == "node_started":
                    break
        resuming = asyncio.create_task(anna.events(job_id, event.id))
        gate.open.set()
        assert histories(await resuming) == [(3, "complete")]


async def test_resuming_at_the_end_is_a_204(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    events = await anna.events(job_id)
    for _ in range(2):
        async with asyncio.timeout(20):
            again = await anna.http.get(f"/api/jobs/{job_id}/stream", headers={"Last-Event-ID": events[-1].id})
        assert again.status_code == 204


async def test_finished_job_is_reported_at_once(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    await anna.finished(job_id)
    events = await asyncio.wait_for(anna.events(job_id), 5)
    assert [event.event for event in events[:2]] == ["history_init", "job_update"]
    assert histories(events) == TEXT_JOB
    assert events[1].json()["status"] == "completed"
    assert events[1].id


async def test_malformed_id_gives_a_snapshot_only(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    await anna.finished(job_id)
    for wrong in ("1", "0-0-0", "99999-1-1-1", "'; --", "0-1-2-3-4"):
        events = await asyncio.wait_for(anna.events(job_id, wrong), 5)
        assert [event.event for event in events[:2]] == ["history_init", "job_update"]
        assert histories(events) == TEXT_JOB


async def test_id_that_the_log_no_longer_covers_gives_a_reset(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    await anna.finished(job_id)
    events = await asyncio.wait_for(anna.events(job_id, "0-1-1-1"), 5)
    assert events[0].event == "reset"
    assert events[0].json()["status"] == "completed"
    assert histories(events) == TEXT_JOB
    assert events[-1].id


async def test_progress_comes_without_an_id(platform: Platform, start_worker: StartWorker) -> None:
    gate = Gate()
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    async with asyncio.timeout(20), aconnect_sse(anna.http, "GET", f"/api/jobs/{job_id}/stream") as source:
        events = source.aiter_sse()
        assert (await anext(events)).event == "history_init"
        await start_worker(gate)
        async for event in events:
            if event.event == "job_update" and event.json()["progress"] == 40:
                break
        told_id = event.id
        assert (await anna.job(job_id))["progress"] == 40
        gate.open.set()
        rest = [event async for event in events]
    assert rest[-1].event == "job_history"
    assert rest[-1].id != told_id


async def test_only_the_last_frame_of_an_event_has_an_id_and_heartbeats_are_comments(platform: Platform) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    async with asyncio.timeout(20), anna.http.stream("GET", f"/api/jobs/{job_id}/stream") as response:
        assert response.headers["X-Accel-Buffering"] == "no"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Type"].startswith("text/event-stream")
        text = ""
        async for chunk in response.aiter_text():
            text += chunk
            if ":heartbeat\n:heartbeat\n" in text:
                break
    frames = text.split("\n\n")
    assert "id:" not in frames[0]
    assert frames[1].startswith("event: job_update")


async def test_ticket_opens_the_stream_of_its_job_only(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    first, second = [(await anna.submit("prompt_enhance"))["id"] for _ in range(2)]
    await anna.finished(first)
    ticket = (await anna.http.post("/api/auth/ticket", json={"audience": "job-stream", "job_id": first})).json()[
        "ticket"
    ]
    async with platform.client() as browser:
        for name in ("ticket", "token", "ticket"):
            assert (await browser.get(f"/api/jobs/{first}/stream?{name}={ticket}")).status_code == 200
        assert (await browser.get(f"/api/jobs/{second}/stream?ticket={ticket}")).status_code == 401
        for wrong in (ticket + "0", "a.b.c", "", "ä.1.ö", "."):
            assert (await browser.get(f"/api/jobs/{first}/stream", params={"ticket": wrong})).status_code == 401


async def test_restarted_queue_that_lost_everything_resets_open_streams(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    async with asyncio.timeout(20), aconnect_sse(anna.http, "GET", f"/api/jobs/{job_id}/stream") as source:
        events = source.aiter_sse()
        assert [(await anext(events)).event for _ in range(2)] == ["history_init", "job_update"]
        await restart_empty(platform.redis_url)
        await start_worker()
        rest = [event async for event in events]
    assert "reset" in [event.event for event in rest]
    assert rest[-1].json()["status"] == "completed"
    assert (await anna.job(job_id))["status"] == "completed"


async def test_two_listeners_receive_the_same(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    following = [asyncio.create_task(anna.events(job_id)) for _ in range(5)]
    await start_worker()
    sent = [histories(events) for events in await asyncio.wait_for(asyncio.gather(*following), 20)]
    assert sent == [[(1, "created"), (2, "node_started"), (3, "complete")]] * 5

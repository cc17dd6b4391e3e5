"""One stream for all jobs of a user: nothing missed, nothing twice, and nothing of anybody else."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
import redis.asyncio as redis
from darkroom_chassis.api_keys import KeyKind
from darkroom_queue import QueueClient, StepContext
from darkroom_redis import TicketHolder, Tickets
from darkroom_schemas.channels import Preview, PreviewGrid
from darkroom_schemas.ids import TenantId
from darkroom_schemas.step import StepResult
from httpx_sse import ServerSentEvent, aconnect_sse
from platform_api.routes.accounts.identity import TOKEN_LIFETIME_S
from platform_api.routes.streams import listeners
from platform_api.wiring import jwt_codec
from support.platform import Platform, StartPlatform, StartWorker
from support.waiting import until


@asynccontextmanager
async def listening(
    http: httpx.AsyncClient, last_event_id: str | None = None, query: str = ""
) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    async with asyncio.timeout(20), aconnect_sse(http, "GET", f"/api/events{query}", headers=headers) as source:
        assert source.response.status_code == 200
        yield source.aiter_sse()


async def until_ended(events: AsyncIterator[ServerSentEvent], *job_ids: str) -> list[ServerSentEvent]:
    """Read until each of the jobs has completed."""
    heard: list[ServerSentEvent] = []
    waited_for = set(job_ids)
    async for event in events:
        heard.append(event)
        if event.event == "job_history" and event.json()["event"] == "complete":
            waited_for.discard(event.json()["job_id"])
            if not waited_for:
                return heard
    raise AssertionError("the stream ended before the jobs did")


def entries(heard: list[ServerSentEvent]) -> list[tuple[str, int]]:
    return [(event.json()["job_id"], event.json()["seq"]) for event in heard if event.event == "job_history"]


async def test_all_jobs_of_a_user_are_sent_in_one_stream_and_nobody_elses(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    before = (await anna.submit("image_fast"))["id"]
    async with listening(anna.http) as events:
        snapshot = await anext(events)
        assert snapshot.event == "snapshot"
        assert [job["id"] for job in snapshot.json()["jobs"]] == [before]
        assert snapshot.json()["total"] == 1
        foreign = (await ben.submit("image_fast"))["id"]
        after = (await anna.submit("video7b_fast_enhanced", prompt="a boat"))["id"]
        await start_worker()
        heard = await until_ended(events, before, after)
    await ben.finished(foreign)
    sent = entries(heard)
    assert {job for job, _ in sent} == {before, after}
    assert [seq for job, seq in sent if job == after] == [1, 2, 3, 4, 5]
    assert [seq for job, seq in sent if job == before][-2:] == [2, 3]
    updates = [event.json() for event in heard if event.event == "job_update" and event.json()["id"] == after]
    assert updates[-1]["status"] == "completed"
    assert updates[-1]["metadata"]["primary_asset"]


async def test_resuming_after_any_event_reports_exactly_the_rest(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    async with listening(anna.http) as events:
        await anext(events)
        jobs = [(await anna.submit(kind))["id"] for kind in ("image_fast", "video7b_fast_enhanced")]
        await start_worker()
        whole = [event for event in await until_ended(events, *jobs) if event.event == "job_history"]
    for position, event in enumerate(whole[:-1]):
        async with listening(anna.http, event.id) as events:
            last = whole[-1].json()["job_id"]
            rest = await until_ended(events, last)
        assert entries(rest) == entries(whole[position + 1 :])


async def test_progress_of_a_job_that_came_later_is_sent_without_an_id(
    platform: Platform, start_worker: StartWorker
) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def half_way(context: StepContext) -> StepResult:
        await begun.wait()
        context.progress(40)
        await may_end.wait()
        return StepResult(text="an answer")

    anna = await platform.account("anna")
    async with listening(anna.http) as events:
        await anext(events)
        job_id = (await anna.submit("prompt_enhance", prompt="a boat"))["id"]
        await start_worker(half_way)
        async for event in events:
            if event.event == "job_history" and event.json()["event"] == "node_started":
                begun.set()
            if event.event == "job_update" and event.json()["progress"] == 40:
                break
        may_end.set()
        assert entries(await until_ended(events, job_id)) == [(job_id, 3)]


async def test_preview_of_a_running_step_is_shown_by_a_link_that_ends_with_it(
    platform: Platform, start_worker: StartWorker
) -> None:
    sent, may_end = asyncio.Event(), asyncio.Event()

    async def draw(context: StepContext) -> StepResult:
        key = f"{context.step.job_id}/1/00/1/preview.webp"
        path = platform.objects / key
        path.parent.mkdir(parents=True)
        path.write_bytes(b"a small picture")
        grid = PreviewGrid(first=0, count=6, columns=3)
        previews = (Preview(key="other/preview.webp", version=1), Preview(key=key, version=2, grid=grid))
        for number, preview in enumerate(previews):
            context.show_preview(preview)
            context.progress(40 + number)
            await sent.wait()
            sent.clear()
        await may_end.wait()
        path.unlink()
        return StepResult(text="an answer")

    anna = await platform.account("anna")
    async with listening(anna.http) as events, platform.client() as browser:
        await anext(events)
        job_id = (await anna.submit("prompt_enhance", prompt="a boat"))["id"]
        await start_worker(draw)
        async for event in events:
            if event.event != "job_update" or (event.json()["progress"] or 0) < 40:
                continue
            sent.set()
            link = event.json()["preview_url"]
            if event.json()["progress"] == 41:
                assert event.json()["preview_grid"] == {"first": 0, "count": 6, "columns": 3}
                break
            assert link is None, "somebody else's object must not be shown"
        link = platform.local(link)
        shown = await browser.get(link)
        assert (shown.content, shown.headers["Content-Type"]) == (b"a small picture", "image/webp")
        for wrong in (link.replace("version=2", "version=3"), link.replace("preview.webp", "0.png"), link + "0"):
            assert (await browser.get(wrong)).status_code == 403
        assert (await browser.get("/api/previews", params={"key": "x"})).status_code == 400
        may_end.set()
        ended = await until_ended(events, job_id)
        assert [event.json()["preview_url"] for event in ended if event.event == "job_update"][-1] is None
        assert (await browser.get(link)).status_code == 404


async def test_event_id_of_a_lost_log_gets_a_reset_with_the_jobs(platform: Platform, redis_url: str) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    for lost in ("0-0-1-1", "0-99-1-1"):
        async with listening(anna.http, lost) as events:
            reset = await anext(events)
        assert reset.event == "reset"
        assert [job["id"] for job in reset.json()["jobs"]] == [job_id]
    async with listening(anna.http, "nonsense") as events:
        assert (await anext(events)).event == "snapshot"


async def test_a_restart_of_redis_resets_open_streams_and_then_goes_on(
    platform: Platform, start_worker: StartWorker, redis_url: str
) -> None:
    anna = await platform.account("anna")
    async with listening(anna.http) as events:
        assert (await anext(events)).event == "snapshot"
        async with redis.Redis.from_url(redis_url) as server:
            meta = "{darkroom-0}:meta"
            epoch = await server.hget(meta, "epoch")
            assert epoch is not None
            pipeline = server.pipeline(transaction=True)
            pipeline.flushall()
            pipeline.hset(meta, mapping={"epoch": int(epoch), "run": "an earlier one"})
            pipeline.client_kill_filter(_type="normal", skipme=True)
            pipeline.client_kill_filter(_type="pubsub")
            await pipeline.execute()
        assert (await anext(events)).event == "reset"
        job_id = (await anna.submit("image_fast"))["id"]
        await start_worker()
        assert (job_id, 3) in entries(await until_ended(events, job_id))


async def test_ticket_opens_the_stream_of_its_holder_and_no_other_ticket_does(platform: Platform) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    asked = {"events": {"audience": "events"}, "job": {"job_id": job_id}}
    tickets = {name: (await anna.http.post("/api/auth/ticket", json=body)).json() for name, body in asked.items()}
    assert tickets["events"]["reusable"]
    async with platform.client() as browser:
        for _ in range(2):
            async with listening(browser, query=f"?ticket={tickets['events']['ticket']}") as events:
                assert (await anext(events)).json()["total"] == 1
        for wrong in (tickets["job"]["ticket"], "a.b.c", ""):
            assert (await browser.get("/api/events", params={"ticket": wrong})).status_code == 401
        stream = f"/api/jobs/{job_id}/stream"
        assert (await browser.get(stream, params={"ticket": tickets["events"]["ticket"]})).status_code == 401


@pytest.mark.parametrize("path", ["/api/events", "/api/jobs/{job_id}/stream"])
async def test_streams_end_with_the_key_behind_them(
    start_platform: StartPlatform, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(listeners, "CHECK_EVERY", timedelta(0))
    platform = await start_platform(sse_heartbeat_s=0.1)
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    path = path.format(job_id=job_id)
    made = (await anna.http.post("/api/v1/apikeys", json={"name": "page"})).json()["api_key"]
    asked = {"audience": "events"} if path == "/api/events" else {"job_id": job_id}
    async with platform.client(**{"X-API-Key": made["key"]}) as page, platform.client() as browser:
        ticket = (await page.post("/api/auth/ticket", json=asked)).json()["ticket"]
        async with (
            page.stream("GET", path) as own,
            browser.stream("GET", path, params={"ticket": ticket}) as ticketed,
            asyncio.timeout(20),
        ):
            assert own.status_code == ticketed.status_code == 200
            assert (await anna.http.delete(f"/api/v1/apikeys/{made['id']}")).status_code in {200, 204}
            await asyncio.gather(own.aread(), ticketed.aread())
        refused = await browser.get(path, params={"ticket": ticket})
    assert refused.status_code == 401
    assert "no longer valid" in refused.json()["error"]


async def test_queue_ticket_is_for_its_users_events_and_for_everybodys_with_an_admin_key(
    platform: Platform, redis_url: str
) -> None:
    anna = await platform.account("anna")
    body = {"audience": "queue"}
    own = (await anna.http.post("/api/auth/ticket", json=body)).json()
    assert own["reusable"] is False
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.ADMIN)}) as operator:
        all_events = (await operator.post("/api/auth/ticket", json=body)).json()
    async with platform.client(**{"X-API-Key": await platform.key(KeyKind.SERVICE)}) as service:
        assert (await service.post("/api/auth/ticket", json=body)).status_code == 403
    link = await QueueClient.open(redis_url)
    tickets = Tickets(link)
    ends_s = jwt_codec(platform.settings).verify(anna.jwt).expires_at
    assert await tickets.take(own["ticket"]) == TicketHolder(TenantId(anna.id), until_ms=ends_s * 1000)
    assert await tickets.take(own["ticket"]) is None
    everybody = await tickets.take(all_events["ticket"])
    assert everybody is not None
    assert everybody.tenant is None
    assert everybody.until_ms is not None  # a key may be revoked meanwhile
    # The service counts from its own clock, a moment ago.
    assert 0 < everybody.until_ms / 1000 - time.time() <= TOKEN_LIFETIME_S
    await link.close()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "job_id"),
        ({"audience": "events", "job_id": "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"}, "job_id"),
        ({"audience": "moon"}, "audience"),
        ({"job_id": "1"}, "job_id"),
    ],
)
async def test_ticket_for_nothing_is_a_400_that_names_the_field(platform: Platform, body: object, field: str) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.post("/api/auth/ticket", json=body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_user_may_hold_so_many_streams_open_and_no_more(start_platform: StartPlatform) -> None:
    platform = await start_platform(sse_streams_per_user=2)
    anna, ben = await platform.account("anna"), await platform.account("ben")
    job_id = (await anna.submit("image_fast"))["id"]
    async with listening(anna.http) as first:
        await anext(first)
        async with listening(anna.http) as second:
            await anext(second)
            for path in ("/api/events", f"/api/jobs/{job_id}/stream"):
                refused = await anna.http.get(path)
                assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
                assert int(refused.headers["Retry-After"]) > 0
            async with listening(ben.http) as others:
                await anext(others)

    async def there_is_room() -> bool:
        async with anna.http.stream("GET", "/api/events") as answer:
            return bool(answer.status_code == 200)

    await until(there_is_room)

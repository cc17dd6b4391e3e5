"""How many streams a user may open, and what a server that is stopping answers."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from darkroom_schemas.ids import new_uuid7
from support.platform import Account, Platform, StartPlatform


async def opened(streams: AsyncExitStack, client: httpx.AsyncClient, path: str) -> int:
    """Open a stream and keep it; returns the status."""
    response = await streams.enter_async_context(client.stream("GET", path))
    return int(response.status_code)


async def tickets(anna: Account, job_id: str) -> dict[str, str]:
    asked = {"stream": {"audience": "job-stream", "job_id": job_id}, "events": {"audience": "events"}}
    answers = {name: (await anna.http.post("/api/auth/ticket", json=body)).json() for name, body in asked.items()}
    return {
        f"/api/jobs/{job_id}/stream?ticket={answers['stream']['ticket']}": "job",
        f"/api/events?ticket={answers['events']['ticket']}": "user",
    }


async def test_streams_that_are_opened_at_once_do_not_exceed_the_limit(start_platform: StartPlatform) -> None:
    platform = await start_platform(sse_streams_per_user=5)
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    for path in (f"/api/jobs/{job_id}/stream", "/api/events", *await tickets(anna, job_id)):
        client = platform.client() if "ticket" in path else anna.http
        async with AsyncExitStack() as streams:
            statuses = await asyncio.gather(*(opened(streams, client, path) for _ in range(30)))
            assert (statuses.count(200), statuses.count(429)) == (5, 25), path


async def test_a_closed_stream_makes_room(start_platform: StartPlatform) -> None:
    platform = await start_platform(sse_streams_per_user=1)
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    path = f"/api/jobs/{job_id}/stream"
    assert (await anna.http.get(f"/api/jobs/{new_uuid7()}/stream")).status_code == 404
    for _ in range(3):
        async with asyncio.timeout(10):
            while True:
                async with anna.http.stream("GET", path) as response:
                    if response.status_code == 200:
                        break


async def test_holders_of_a_ticket_are_counted_like_others(start_platform: StartPlatform) -> None:
    platform = await start_platform(rate_limit_user=10)
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    for path in await tickets(anna, job_id):
        async with platform.client() as browser:
            statuses = set()
            for _ in range(12):
                async with browser.stream("GET", path) as response:
                    statuses.add(response.status_code)
        assert 429 in statuses


@pytest.mark.parametrize("resumes", [True, False])
async def test_a_reader_who_comes_while_the_server_stops_is_asked_to_come_back(
    platform: Platform, resumes: bool
) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("prompt_enhance"))["id"]
    headers = {"Last-Event-ID": await latest_id(anna, job_id)} if resumes else {}
    ticket_paths = await tickets(anna, job_id)
    platform.stop()
    for path in (f"/api/jobs/{job_id}/stream", "/api/events"):
        program = await anna.http.get(path, headers=headers)
        assert (program.status_code, program.headers["Retry-After"]) == (503, "1")
    for path in ticket_paths:
        async with platform.client(Accept="text/event-stream") as browser:
            answer = await browser.get(path, headers=headers)
        assert (answer.status_code, answer.text) == (200, "retry: 1000\n\n")


async def latest_id(anna: Account, job_id: str) -> str:
    async with anna.http.stream("GET", f"/api/jobs/{job_id}/stream") as response:
        async for line in response.aiter_lines():
            if line.startswith("id: "):
                return str(line.removeprefix("id: "))
    raise AssertionError("the stream has sent no event")

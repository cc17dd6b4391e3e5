"""Two dispatchers share the work, and a killed one loses nothing. No other dispatcher may run beside these tests."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import psycopg
from aiohttp import web
from darkroom_queue import QueueClient
from support.keys import publish_key
from support.services import StartService
from support.waiting import until
from support.webhooks import job_ends, register

JOBS = 120
KILLS = 3
LEASES_EXPIRE = (
    "UPDATE webhooks.deliveries SET next_at = now(), leased_until = NULL WHERE leased_until IS NOT NULL",
    "UPDATE webhooks.endpoint_queues SET due_at = now() WHERE due_at IS NOT NULL",
)
"""What 75 s without the killed dispatcher do."""


class Counting:
    """A receiver that counts the requests it answers at the same time, and the deliveries of each message."""

    def __init__(self) -> None:
        self.now = self.most = self.port = 0
        self.open: Counter[str] = Counter()
        self.got: list[str] = []
        self.doubled_at_once: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        await request.read()
        message_id = request.headers["webhook-id"]
        self.now += 1
        self.open[message_id] += 1
        self.most = max(self.most, self.now)
        if self.open[message_id] > 1:
            self.doubled_at_once.append(message_id)
        await asyncio.sleep(0.02)
        self.now -= 1
        self.open[message_id] -= 1
        self.got.append(message_id)
        return web.Response()


@asynccontextmanager
async def counting() -> AsyncIterator[Counting]:
    receiver, app = Counting(), web.Application()
    app.router.add_post("/", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()


async def test_two_dispatchers_deliver_each_event_once_within_one_limit_and_in_order(
    start: StartService, link: QueueClient, user: str
) -> None:
    key = {"X-API-Key": await publish_key(link, user)}
    async with counting() as receiver, counting() as ordered:
        limit = {"WEBHOOK_CONCURRENCY_PER_ENDPOINT": "4"}
        with start(**limit) as one, start(**limit):
            async with httpx.AsyncClient(base_url=one.url, headers=key) as api:
                await register(api, f"http://127.0.0.1:{receiver.port}/")
                await register(api, f"http://127.0.0.1:{ordered.port}/", ordered=True)
                events = [f"msg_{await job_ends(link, user)}" for _ in range(JOBS)]

                async def all_came() -> bool:
                    return len(receiver.got) >= JOBS and len(ordered.got) >= JOBS

                await until(all_came, timeout_s=60)
    assert sorted(receiver.got) == sorted(events), "each once"
    assert ordered.got == events
    assert receiver.most <= 4
    assert ordered.most == 1


async def test_kills_lose_no_event_and_repeat_only_what_was_in_flight(
    start: StartService, link: QueueClient, user: str, database_url: str
) -> None:
    key = {"X-API-Key": await publish_key(link, user)}
    async with counting() as receiver:
        events: list[str] = []
        for kill in range(KILLS):
            with start() as service:
                if kill == 0:
                    async with httpx.AsyncClient(base_url=service.url, headers=key) as api:
                        await register(api, f"http://127.0.0.1:{receiver.port}/")
                before = len(receiver.got)
                events += [f"msg_{await job_ends(link, user)}" for _ in range(40)]

                async def some_came(before: int = before) -> bool:
                    return len(receiver.got) > before + 5

                await until(some_came)
                os.kill(service.pid, signal.SIGKILL)
            async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
                for statement in LEASES_EXPIRE:
                    await connection.execute(statement)
        with start():

            async def all_came() -> bool:
                return set(receiver.got) >= set(events)

            await until(all_came, timeout_s=30)
    assert set(receiver.got) == set(events)
    doubles = len(receiver.got) - len(events)
    assert doubles <= 8 * KILLS * 2, "at most what was in flight at each kill"
    assert receiver.doubled_at_once == []

"""Each service works with the rights of its Redis user, and is refused what is not its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
import redis.asyncio
from darkroom_local.commands import register
from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_queue import EventLog, Producer, QueueClient, Sweeper
from darkroom_queue.log.progress import ProgressFeed
from darkroom_queue.log.status import StatusFeed
from darkroom_redis import KeyDirectory, RateLimits, Tickets
from darkroom_redis.acl import CHANNELS, GPU_WORKER, PLATFORM, QUEUE, READER, WEBHOOKS, RedisUser
from darkroom_redis.rounds import PeriodicRound
from darkroom_redis.wakeups import WakeupReceiver, WakeupSender
from darkroom_schemas.api_key import PublishedKey
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import JobId, TenantId
from darkroom_schemas.status import JobStatus
from redis.exceptions import NoPermissionError
from support.queue_api import HEADERS, complete, ended, queue_api, submit, working
from support.steps import make_step
from support.waiting import until
from typer import Typer
from typer.testing import CliRunner

KEY = "{darkroom-0}:"


@pytest.mark.parametrize("user", [PLATFORM, QUEUE, GPU_WORKER, WEBHOOKS], ids=lambda user: user.name)
async def test_any_service_may_be_the_first_on_an_empty_server(
    valkey_server: EmbeddedValkey, redis_url: str, user: RedisUser
) -> None:
    with redis.Redis.from_url(redis_url) as administrator:
        administrator.flushall()
    client = await QueueClient.open(valkey_server.url_of(user))
    assert await client.epoch() > 0
    await client.close()


@pytest.fixture
async def platform(valkey_server: EmbeddedValkey, redis_url: str) -> AsyncIterator[QueueClient]:
    assert redis_url
    client = await QueueClient.open(valkey_server.url_of(PLATFORM))
    yield client
    await client.close()


@pytest.fixture
async def webhooks(valkey_server: EmbeddedValkey, redis_url: str) -> AsyncIterator[QueueClient]:
    assert redis_url
    client = await QueueClient.open(valkey_server.url_of(WEBHOOKS))
    yield client
    await client.close()


async def test_jobs_run_from_the_platform_through_a_worker_to_the_webhooks(
    valkey_server: EmbeddedValkey, platform: QueueClient, webhooks: QueueClient
) -> None:
    producer, log = Producer(platform), EventLog(webhooks, "webhook-dispatcher")
    began = await log.tail()
    step, unwanted = make_step(), make_step()
    await producer.submit_many([step, unwanted])
    await producer.cancel(unwanted.id, reason="asked")
    async with working(valkey_server.url_of(GPU_WORKER), complete):

        async def has_ended() -> bool:
            [view] = await producer.read_many([step.id])
            return view is not None and view.status is JobStatus.COMPLETED

        await until(has_ended)
    await producer.acknowledge_ends([step.id])
    emission = Emission(outbox_id=1, type=EventType.JOB_COMPLETED, job_id=JobId("j"), tenant=TenantId("t"))
    await producer.emit([emission])
    types = [event.type for event in await log.read(began)]
    assert types[-2:] == ["step.completed", "job.completed"]


async def test_the_platform_publishes_keys_which_webhooks_only_read(
    platform: QueueClient, webhooks: QueueClient
) -> None:
    key = PublishedKey.model_validate(
        {"id": "k", "kind": "user", "user_id": "u", "sha256": "0" * 64, "tier": "standard", "scopes": []}
    )
    await KeyDirectory(platform).replace_all([key])
    assert await KeyDirectory(webhooks).find("k") == key
    with pytest.raises(NoPermissionError):
        await KeyDirectory(webhooks).replace_all([])


async def test_webhooks_count_requests_and_follow_progress_and_status(
    platform: QueueClient, webhooks: QueueClient
) -> None:
    [state] = await RateLimits(webhooks).take([("webhook-requests:t", 10, 60.0)])
    assert state.left == 9
    step = make_step()
    await Producer(platform).submit(step)
    view = await Producer(webhooks).read(step.id)
    assert view is not None
    assert view.tenant == step.tenant
    async with StatusFeed(webhooks), ProgressFeed(webhooks):
        """Both subscriptions are allowed."""


async def test_the_platform_counts_requests_and_wakes_its_loops(platform: QueueClient) -> None:
    [state] = await RateLimits(platform).take([("requests:u", 10, 60.0)])
    assert state.left == 9
    assert await PeriodicRound(platform, "reconciler", period_s=60).claim()
    woken = asyncio.Event()
    receiving = asyncio.create_task(WakeupReceiver(platform, {"relay": woken.set}).run())
    WakeupSender(platform, "relay").wake()
    async with asyncio.timeout(10):
        await woken.wait()
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)


async def test_queue_api_serves_lists_and_sweeps(valkey_server: EmbeddedValkey, redis_url: str, tmp_path: Path) -> None:
    assert redis_url
    url = valkey_server.url_of(QUEUE)
    with queue_api(url, tmp_path) as service:
        async with httpx.AsyncClient(base_url=service.url, headers=HEADERS) as api:
            async with working(valkey_server.url_of(GPU_WORKER), complete):
                job_id = await submit(api)
                await ended(api, job_id, "completed")
            group = {"job_type": "simulation", "payload": {"duration_s": 0}, "count": 2}
            made = await api.post("/api/job-group", json=group)
            assert made.status_code == 201
            assert (await api.delete(f"/api/job-groups/{made.json()['job_group_id']}")).json()["cancelled"] is True

            async def is_listed() -> bool:
                found = (await api.get("/api/jobs", params={"status": "completed"})).json()["jobs"]
                return [job["job_id"] for job in found] == [job_id]

            await until(is_listed)
            for path in ("/api/queues", "/api/series", "/api/workers", "/api/backends", "/api/dead-letters"):
                assert (await api.get(path)).status_code == 200
            assert (await api.post("/api/ws-ticket")).status_code == 201
            assert (await api.get("/readyz")).status_code == 200
        log = service.log.read_text()
    assert "NOPERM" not in log
    client = await QueueClient.open(url)
    assert await Tickets(client).take(await Tickets(client).make(None)) is not None
    await Sweeper(client).sweep()
    await client.close()


async def test_an_outside_program_hears_progress_and_status(valkey_server: EmbeddedValkey, redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(valkey_server.url_of(READER), decode_responses=True) as outside:
        pubsub = outside.pubsub(ignore_subscribe_messages=True)
        await pubsub.psubscribe(*CHANNELS)
        heard: list[tuple[str, dict[str, Any]]] = []
        async with working(redis_url, complete), asyncio.timeout(10):
            while len(heard) < 2:
                message = await pubsub.get_message(timeout=1)
                if message is not None:
                    heard.append((message["channel"], json.loads(message["data"])))
        await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py leaves this one unannotated
    assert heard[0][0] == "worker:status:w-1"
    assert heard[1] == ("machine:m-1:status", heard[1][1] | {"machine_id": "m-1", "status": "ready"})


@pytest.mark.parametrize(
    ("user", "command"),
    [
        (READER, ("GET", f"{KEY}meta")),
        (READER, ("PUBLISH", "worker:status:w-1", "{}")),
        (READER, ("PSUBSCRIBE", "*")),
        (READER, ("SUBSCRIBE", "__keyspace@0__:x")),
        (READER, ("EVAL", "return 1", "0")),
        (WEBHOOKS, ("HDEL", f"{KEY}s", "a")),
        (WEBHOOKS, ("HGET", f"{KEY}jr", "a")),
        (WEBHOOKS, ("HDEL", f"{KEY}ak", "k")),
        (WEBHOOKS, ("PUBLISH", "worker:status:w-1", "{}")),
        (GPU_WORKER, ("HGET", f"{KEY}ak", "k")),
        (GPU_WORKER, ("GET", f"{KEY}tk:1")),
        (GPU_WORKER, ("HGETALL", f"{KEY}g:1")),
        (GPU_WORKER, ("EVAL", "return redis.call('HGETALL', KEYS[1])", "1", f"{KEY}ak")),
        (QUEUE, ("HSET", f"{KEY}ak", "k", "1")),
        (QUEUE, ("GET", f"{KEY}rl:1")),
        (PLATFORM, ("HSET", f"{KEY}g:1", "a", "b")),
        (PLATFORM, ("PUBLISH", "worker:status:w-1", "{}")),
        *((user, command) for user in (PLATFORM, QUEUE, GPU_WORKER, WEBHOOKS, READER) for command in (
            ("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "GET", "requirepass"), ("ACL", "LIST"), ("SET", "other", "1"),
        )),
    ],
    ids=lambda value: value.name if isinstance(value, RedisUser) else " ".join(value)[:40],
)  # fmt: skip
def test_a_user_is_refused_what_is_not_its_own(
    valkey_server: EmbeddedValkey, redis_url: str, user: RedisUser, command: tuple[str, ...]
) -> None:
    assert redis_url
    with (
        redis.Redis.from_url(valkey_server.url_of(user)) as connection,
        pytest.raises(redis.ResponseError, match=r"(?i)permission"),
    ):
        connection.execute_command(*command)


def test_the_printed_commands_create_the_users(valkey_server: EmbeddedValkey) -> None:
    app = Typer()
    register(app)
    printed = CliRunner().invoke(app, ["redis-users"])
    lines = printed.stdout.splitlines()
    rights = CliRunner().invoke(app, ["redis-users", "--rights-only"]).stdout.splitlines()
    with redis.Redis.from_url(valkey_server.url) as administrator:
        before = administrator.acl_list()
        try:
            for line in lines:
                assert administrator.execute_command(*line.split())
            password = next(word[1:] for word in lines[-1].split() if word.startswith(">"))
            with redis.Redis(port=valkey_server.port, username=READER.name, password=password) as outside:
                assert outside.ping()
                administrator.execute_command("ACL", "SETUSER", READER.name, "+get", "~*", "-subscribe")
                upgraded = administrator.acl_list()
                for line in rights:
                    assert administrator.execute_command(*line.split())
                assert administrator.acl_list() != upgraded
                assert outside.ping()
                with pytest.raises(redis.ResponseError, match=r"(?i)permission"):
                    outside.get("other")
                pubsub = outside.pubsub()
                pubsub.subscribe("worker:status:w-1")
                assert pubsub.get_message(timeout=5) is not None
                pubsub.close()
        finally:
            for line in before:
                _, name, *rules = line.split()
                administrator.execute_command("ACL", "SETUSER", name, "reset", *rules)

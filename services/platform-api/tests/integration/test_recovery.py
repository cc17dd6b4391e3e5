"""Accepted jobs end although any process dies in between, and late events change nothing."""

import asyncio
import signal
from typing import Any

import psycopg
import redis.asyncio as redis
from darkroom_chassis.api_keys import hash_api_key, parse_api_key
from darkroom_queue import EventLog, Producer, QueueClient
from darkroom_redis import KeyDirectory, RedisUnavailable
from darkroom_schemas.api_key import PublishedKey
from darkroom_schemas.ids import StepId
from platform_api.store.log.outbox import RELAY_LOCK
from platform_api.wiring import open_accounts
from support.emprops import collection, generate, workflow
from support.platform import Account, Platform, StartPlatform, StartWorker
from support.switched import Switched
from support.waiting import until


async def test_job_accepted_before_a_kill_runs_after_the_restart(
    start_platform: StartPlatform, start_worker: StartWorker
) -> None:
    """The relay is held back by its lock, so that the process dies between accepting and handing over."""
    killed = await start_platform(in_process=False)
    anna = await killed.account("anna")
    async with await psycopg.AsyncConnection.connect(killed.database_url, autocommit=True) as other_replica:
        await other_replica.execute("SELECT pg_advisory_lock(%s)", [RELAY_LOCK])
        job_id = (await anna.submit("image_fast"))["id"]
        assert await killed.end(signal.SIGKILL) == -signal.SIGKILL
    assert await killed.rows("SELECT count(*) FROM platform.outbox WHERE kind = 'submit'") == [(1,)]
    await start_worker()
    restarted = await start_platform(in_process=False)
    anna = await restarted.account("anna")
    assert (await anna.finished(job_id))["status"] == "completed"
    assert await anna.credits() == 99.5
    assert await restarted.end(signal.SIGTERM) == 0


async def test_stopping_ends_open_streams_and_exits_0(start_platform: StartPlatform) -> None:
    platform = await start_platform(in_process=False)
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    async with anna.http.stream("GET", f"/api/jobs/{job_id}/stream") as response:
        chunks = response.aiter_text()
        assert ":connected" in await anext(chunks)
        assert "history_init" in await anext(chunks)
        ended = asyncio.create_task(platform.end(signal.SIGTERM))
        async with asyncio.timeout(5):
            assert [chunk async for chunk in chunks if "reset" in chunk] == []
    assert await ended == 0


async def test_two_replicas_apply_each_event_once(start_platform: StartPlatform, start_worker: StartWorker) -> None:
    first, second = await start_platform(), await start_platform()
    anna = await first.account("anna")
    await start_worker()
    jobs = [(await anna.submit("image_fast"))["id"] for _ in range(20)]
    for job_id in jobs:
        assert (await anna.finished(job_id))["status"] == "completed"
    assert await anna.credits() == 90
    assert await second.rows("SELECT kind, sum(amount_mc) FROM platform.credit_ledger GROUP BY 1 ORDER BY 1") == [
        ("capture", 10_000),
        ("grant", 100_000),
        ("reserve", 10_000),
    ]
    assert await second.rows("SELECT DISTINCT count(*) FROM platform.job_history GROUP BY job_id") == [(3,)]


async def test_the_tombstone_of_a_stored_result_expires_after_an_hour(
    platform: Platform, start_worker: StartWorker, redis_url: str
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    await anna.finished(job_id)
    async with redis.from_url(redis_url) as client:

        async def shortened() -> bool:
            return 0 < await client.ttl(f"{{darkroom-0}}:t:{job_id}:1:00") <= 3600

        await until(shortened)


async def test_the_relay_holds_its_lock_and_no_transaction_while_redis_is_silent(
    start_platform: StartPlatform, own_redis: Switched
) -> None:
    await own_redis.on()
    platform = await start_platform(redis_url=own_redis.url)
    anna = await platform.account("anna")
    holder = (
        "SELECT activity.state FROM pg_stat_activity AS activity JOIN pg_locks AS locks USING (pid)"
        " WHERE locks.locktype = 'advisory' AND locks.granted AND locks.objid = %s"
    )
    relay_lock = RELAY_LOCK & 0xFFFFFFFF

    async def is_held() -> bool:
        return bool(await platform.rows(holder, relay_lock))

    with own_redis.hanging():
        await anna.submit("image_fast")
        await until(is_held)
        assert await platform.rows(holder, relay_lock) == [("idle",)]


async def test_repeated_events_change_nothing(
    platform: Platform, start_worker: StartWorker, start_platform: StartPlatform
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    before = await anna.finished(job_id)
    rows = "SELECT * FROM platform.credit_ledger ORDER BY id"
    ledger = await platform.rows(rows)
    # Another service starts to read from the beginning of the log.
    async with await psycopg.AsyncConnection.connect(platform.database_url, autocommit=True) as connection:
        await connection.execute("UPDATE platform.offsets SET position = ''")
    link = await QueueClient.open(platform.redis_url)
    tail = str(await EventLog(link).tail())
    await link.close()
    await start_platform()

    async def caught_up() -> bool:
        return await platform.rows("SELECT position FROM platform.offsets") >= [(tail,)]

    await until(caught_up)
    after = await anna.job(job_id)
    assert after["data"]["updated_at"] == before["data"]["updated_at"]
    assert await platform.rows(rows) == ledger


async def test_step_that_redis_forgot_is_submitted_again(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    step_id = StepId(f"{job_id}:1:00")
    link = await QueueClient.open(platform.redis_url)

    async def known() -> bool:
        return await Producer(link).read(step_id) is not None

    await until(known)
    await link.command("HDEL", "{darkroom-0}:s", step_id)
    assert not await known()
    await platform.reconcile()
    await until(known)
    await link.close()


async def test_step_that_needs_a_kind_too_many_waits_for_room_and_runs_then(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    link = await QueueClient.open(platform.redis_url)
    await link.command("HSET", "{darkroom-0}:ct", anna.id, 64)  # as many kinds as one user may bring
    await workflow(anna, "basic", {"steps": [{"job_type": "simulation", "payload": {}, "tags": ["rare"]}]})
    job_id = (await generate(anna, await collection(anna, workflow="mine"))).json()["data"]["jobId"]
    other_id = (await ben.submit("image_fast"))["id"]

    async def why(account: Account, id_: str) -> dict[str, Any]:
        return dict((await account.http.get(f"/api/jobs/{id_}/why")).json())

    async def both_relayed() -> bool:
        return not await platform.rows("SELECT 1 FROM platform.outbox WHERE kind = 'submit'")

    await until(both_relayed)
    waiting = await why(anna, job_id)
    assert (waiting["status"], waiting["waiting"], waiting["reason"]) == ("queued", True, "no_room")
    assert (await why(ben, other_id))["reason"] == "unworkable"

    await platform.reconcile()
    await until(both_relayed)
    assert (await why(anna, job_id))["reason"] == "no_room"

    await link.command("HDEL", "{darkroom-0}:ct", anna.id)
    await platform.reconcile()

    async def queued() -> bool:
        answer = await why(anna, job_id)
        return bool(answer["reason"] == "unworkable")

    await until(queued)
    await link.close()


async def test_step_cancelled_here_but_running_there_is_stopped(platform: Platform, start_worker: StartWorker) -> None:
    anna = await platform.account("anna")
    job_id = (await anna.submit("image_fast"))["id"]
    link = await QueueClient.open(platform.redis_url)
    producer, step_id = Producer(link), StepId(f"{job_id}:1:00")

    async def waiting() -> bool:
        return await producer.read(step_id) is not None

    await until(waiting)
    async with await psycopg.AsyncConnection.connect(platform.database_url, autocommit=True) as connection:
        await connection.execute("UPDATE platform.jobs SET status = 'cancelled', completed_at = now()")
        await connection.execute("UPDATE platform.steps SET status = 'cancelled', finished_at = now()")
    await platform.reconcile()
    view = await producer.read(step_id)
    assert view is not None
    assert view.status == "cancelled"
    await link.close()


async def test_keys_reach_the_other_services_and_their_revocation_too(platform: Platform) -> None:
    anna = await platform.account("anna")
    link = await QueueClient.open(platform.redis_url)
    directory, parsed = KeyDirectory(link), parse_api_key(anna.api_key)
    assert parsed is not None

    async def published() -> PublishedKey | None:
        return await directory.find(parsed.id)

    key = await until(published)
    assert (key.kind, key.user_id) == ("user", anna.id)
    assert key.sha256 == hash_api_key(anna.api_key).hex()
    async with open_accounts(platform.settings) as accounts:
        await accounts.revoke_keys("anna's")

    async def revoked() -> bool:
        return await published() is None

    await until(revoked)
    await link.close()


async def test_a_revocation_that_redis_forgot_is_repeated_in_the_next_epoch(platform: Platform) -> None:
    anna = await platform.account("anna")
    link = await QueueClient.open(platform.redis_url)
    directory, parsed = KeyDirectory(link), parse_api_key(anna.api_key)
    assert parsed is not None

    async def published() -> PublishedKey | None:
        return await directory.find(parsed.id)

    async def revoked() -> bool:
        try:
            return await published() is None
        except RedisUnavailable:  # its connection was cut, too
            return False

    key = await until(published)
    async with open_accounts(platform.settings) as accounts:
        await accounts.revoke_keys("anna's")
    await until(revoked)
    await directory.publish([key])  # as a server that lost its last second has it
    assert await published() is not None
    async with redis.Redis.from_url(platform.redis_url) as server:
        await server.hset(link.keys.meta, "run", "an earlier run")
        await server.client_kill_filter(_type="normal", skipme=True)
    await until(revoked)
    await link.close()

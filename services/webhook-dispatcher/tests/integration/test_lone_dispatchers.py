"""Tests that start a dispatcher of their own; no other one may run beside it."""

import asyncio
import os
import signal
import sys

import httpx
import psycopg
from darkroom_queue import QueueClient
from support.address_forms import PRIVATE, UNUSUAL
from support.keys import publish_key
from support.receiver import Receiver, receiving
from support.services import StartService
from support.waiting import until
from support.webhooks import deliveries_of, job_ends, register


async def test_a_dispatcher_killed_before_the_delivery_makes_it_after_its_restart(
    start: StartService, link: QueueClient, user: str, receiver: Receiver
) -> None:
    key = await publish_key(link, user)
    with start() as first:
        async with httpx.AsyncClient(base_url=first.url, headers={"X-API-Key": key}) as api:
            webhook = await register(api, receiver.url)
        os.kill(first.pid, signal.SIGKILL)
    event_id = await job_ends(link, user)
    async with receiving(receiver):
        with start():
            message_id, _ = await receiver.next(webhook["secret"])
    assert message_id == f"msg_{event_id}"


async def test_an_address_that_is_no_longer_allowed_is_not_dialled(
    start: StartService, link: QueueClient, user: str, receiver: Receiver
) -> None:
    key = {"X-API-Key": await publish_key(link, user)}
    urls = [receiver.url, receiver.url.replace("127.0.0.1", "localhost")]
    async with receiving(receiver):
        with start() as service:
            async with httpx.AsyncClient(base_url=service.url, headers=key) as api:
                webhooks = [await register(api, url) for url in urls]
        with start(WEBHOOK_ALLOWED_NETWORKS="") as service:
            async with httpx.AsyncClient(base_url=service.url, headers=key) as api:
                await job_ends(link, user)

                async def errors() -> list[str]:
                    logs = [await deliveries_of(api, webhook["id"]) for webhook in webhooks]
                    tried = all(log and log[0]["attempts"] for log in logs)
                    return [log[0]["last_error"] for log in logs] if tried else []

                assert await until(errors) == ["blocked address"] * 2
    assert receiver.got.empty()


async def test_private_addresses_are_refused_where_they_are_named(
    start: StartService, link: QueueClient, user: str, database_url: str
) -> None:
    key = {"X-API-Key": await publish_key(link, user)}
    with start(WEBHOOK_ALLOWED_NETWORKS="") as service:
        async with httpx.AsyncClient(base_url=service.url, headers=key, timeout=30) as api:
            webhook = await register(api, "https://example.com/hook")
            path = f"/api/webhooks/{webhook['id']}"
            for address in (*PRIVATE, *UNUSUAL, "localhost"):
                url = f"http://[{address}]/" if ":" in address else f"http://{address}/"
                created = await api.post("/api/webhooks", json={"url": url})
                changed = await api.put(path, json={"url": url})
                for answer in (created, changed):
                    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "url"), url
            async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
                of = (PRIVATE[0], webhook["id"])
                await connection.execute("UPDATE webhooks.endpoints SET url = 'http://' || %s WHERE id = %s", of)
            tested = await api.post(f"{path}/test")
            assert (tested.status_code, tested.json()["errors"][0]["field"]) == (400, "url")
            assert "WEBHOOK_ALLOWED_NETWORKS" in tested.json()["errors"][0]["message"]


async def reseal(database_url: str, key: str, earlier: str) -> bytes:
    keys = {"SECRETS_KEY": key, "SECRETS_KEYS_OLD": earlier}
    env = {**os.environ, "REDIS_URL": "redis://x", "DATABASE_URL": database_url, **keys}
    command = (sys.executable, "-m", "webhook_dispatcher", "reseal")
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed


async def test_secrets_under_an_old_key_sign_until_and_after_they_are_encrypted_again(
    start: StartService, link: QueueClient, user: str, receiver: Receiver, database_url: str
) -> None:
    key = {"X-API-Key": await publish_key(link, user)}
    old, new = "k" * 32, "n" * 32
    async with receiving(receiver):
        with start() as service:
            async with httpx.AsyncClient(base_url=service.url, headers=key) as api:
                webhook = await register(api, receiver.url)
        with start(SECRETS_KEY=new, SECRETS_KEYS_OLD=old):
            await job_ends(link, user)
            await receiver.next(webhook["secret"])
        assert b"secrets are encrypted under the present key" in await reseal(database_url, new, old)
        with start(SECRETS_KEY=new):
            await job_ends(link, user)
            await receiver.next(webhook["secret"])
        await reseal(database_url, old, new)

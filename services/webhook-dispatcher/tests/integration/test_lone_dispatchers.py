"""Tests that start a dispatcher of their own; no other one may run beside it."""

import os
import signal

import httpx
from darkroom_queue import QueueClient
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


async def test_a_private_address_is_not_dialled_unless_allowed(
    start: StartService, link: QueueClient, user: str, receiver: Receiver
) -> None:
    key = await publish_key(link, user)
    async with receiving(receiver):
        with start(WEBHOOK_ALLOWED_NETWORKS="") as service:
            async with httpx.AsyncClient(base_url=service.url, headers={"X-API-Key": key}) as api:
                urls = [receiver.url, receiver.url.replace("127.0.0.1", "localhost")]
                webhooks = [await register(api, url) for url in urls]
                await job_ends(link, user)

                async def errors() -> list[str]:
                    logs = [await deliveries_of(api, webhook["id"]) for webhook in webhooks]
                    return (
                        [log[0]["last_error"] for log in logs]
                        if all(log and log[0]["attempts"] for log in logs)
                        else []
                    )

                assert await until(errors) == ["blocked address"] * 2
    assert receiver.got.empty()

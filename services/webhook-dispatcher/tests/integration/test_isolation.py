"""A receiver that hangs delays only itself, and only attempts that were made are recorded."""

import asyncio

import httpx
import psycopg
from darkroom_queue import QueueClient
from darkroom_schemas.ids import new_uuid7
from support.keys import publish_key
from support.receiver import Receiver, receiving
from support.services import StartService
from support.waiting import until
from support.webhooks import job_ends, register

ERRORS = """
SELECT attempt.error FROM webhooks.attempts AS attempt
JOIN webhooks.deliveries AS delivery ON delivery.id = attempt.delivery_id WHERE delivery.endpoint_id = %s
"""


async def test_hundreds_of_webhooks_to_a_hanging_receiver_delay_no_other_tenant(
    start: StartService, link: QueueClient, user: str, receiver: Receiver, database_url: str
) -> None:
    connections: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _, writer: connections.append(writer), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    with start(
        WEBHOOK_TIMEOUT_S="3", WEBHOOK_CONCURRENCY="64", WEBHOOK_REQUESTS_PER_MINUTE="0", WEBHOOK_SENDS_PER_MINUTE="0"
    ) as service:
        key = {"X-API-Key": await publish_key(link, new_uuid7())}
        async with httpx.AsyncClient(base_url=service.url, headers=key, timeout=30) as other, receiving(receiver):
            hanging = await register(other, f"http://127.0.0.1:{port}/")
            path = f"/api/webhooks/{hanging['id']}"
            await asyncio.gather(*(other.post(f"{path}/test") for _ in range(400)))
            mine = {"X-API-Key": await publish_key(link, user)}
            async with httpx.AsyncClient(base_url=service.url, headers=mine) as api:
                webhook = await register(api, receiver.url)
                await job_ends(link, user)
                async with asyncio.timeout(2):
                    await receiver.next(webhook["secret"])

            async def timed_out() -> list[str]:
                async with await psycopg.AsyncConnection.connect(database_url) as connection:
                    found = await connection.execute(ERRORS, [hanging["id"]])
                    return [error for (error,) in await found.fetchall()]

            errors = await until(timed_out)
            assert set(errors) == {"timeout"}
            assert len(errors) <= len(connections), "an attempt that was never sent is recorded"
    for writer in connections:
        writer.close()
    silent.close()

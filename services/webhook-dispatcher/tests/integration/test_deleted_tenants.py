"""What the dispatcher stores for a user goes when the user is deleted, and nothing of other users."""

import httpx
import psycopg
from darkroom_queue import QueueClient
from darkroom_schemas.events import EventType
from darkroom_schemas.ids import new_uuid7
from support.receiver import Receiver, receiving
from support.waiting import until
from support.webhooks import emit, job_ends, register

TABLES = ("endpoints", "deliveries", "messages", "endpoint_queues", "job_webhooks", "idempotency_keys")


async def test_a_deleted_user_leaves_no_endpoint_delivery_or_message(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver, database_url: str
) -> None:
    other = new_uuid7()
    async with receiving(receiver), await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        webhook = await register(api, receiver.url, events=["job.completed"])
        await job_ends(link, user)
        message_id, _ = await receiver.next(webhook["secret"])
        await connection.execute(
            "INSERT INTO webhooks.endpoints (id, tenant, url, events, sealed_secret) VALUES (%s, %s, 'x', '{}', '')",
            [other, other],
        )

        async def naming(text: str) -> int:
            counts = " + ".join(
                f"(SELECT count(*) FROM webhooks.{table} AS t WHERE t::text LIKE %(text)s)"  # noqa: S608
                for table in TABLES
            )
            row = await (await connection.execute(f"SELECT {counts}", {"text": f"%{text}%"})).fetchone()
            assert row is not None
            return int(row[0])

        assert await naming(user)
        assert await naming(message_id)
        await emit(link, user, EventType.USER_DELETED, {})

        async def nothing_left() -> bool:
            return not await naming(user) and not await naming(message_id) and not await naming(webhook["id"])

        await until(nothing_left)
        assert await naming(other)
        await connection.execute("DELETE FROM webhooks.endpoints WHERE tenant = %s", [other])

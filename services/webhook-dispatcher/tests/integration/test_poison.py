"""An event or a secret that cannot be read holds up nobody else's webhooks."""

from typing import Any

import httpx
import psycopg
from darkroom_queue import Producer, QueueClient
from darkroom_schemas.events import Emission, EventType
from darkroom_schemas.ids import JobId, TenantId
from support.receiver import Receiver, receiving
from support.unreadable import add_unreadable, unreadable_entries
from support.waiting import until
from support.webhooks import deliveries_of, job_ends, register
from webhook_dispatcher.domain.delivery import UNREADABLE_SECRET
from webhook_dispatcher.store.secret_box import FernetBox


async def test_an_event_that_cannot_be_read_is_left_out(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url, events=["job.completed"])
        broken: list[Any] = [{}, {"job": 5}, {"job": {"id": []}, "history": None}]
        await Producer(link).emit(
            [
                Emission(
                    outbox_id=900_000 + number,
                    type=EventType.JOB_COMPLETED,
                    job_id=JobId("j"),
                    tenant=TenantId(user),
                    data=data,
                )
                for number, data in enumerate(broken)
            ]
        )
        expected = await job_ends(link, user)
        message_id, _ = await receiver.next(webhook["secret"])
    assert message_id == f"msg_{expected}"


async def test_a_secret_under_an_old_key_fails_its_own_deliveries_only(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver, database_url: str
) -> None:
    async with receiving(receiver):
        old = await register(api, receiver.url)
        sealed = FernetBox("another key of at least 32 characters").seal("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            await connection.execute(
                "UPDATE webhooks.endpoints SET sealed_secret = %s WHERE id = %s", (sealed, old["id"])
            )
        good = await register(api, receiver.url)
        expected = await job_ends(link, user)
        message_id, _ = await receiver.next(good["secret"])
        assert message_id == f"msg_{expected}"

        async def recorded() -> bool:
            lines = await deliveries_of(api, old["id"])
            return bool(lines) and lines[0]["last_error"] == UNREADABLE_SECRET

        await until(recorded)


async def test_entries_of_the_log_that_cannot_be_read_are_passed_by_and_counted(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        before = await unreadable_entries(api, "intake")
        await add_unreadable(link)
        expected = await job_ends(link, user)
        message_id, _ = await receiver.next(webhook["secret"])
    assert message_id == f"msg_{expected}"
    assert await unreadable_entries(api, "intake") == before + 2
    assert (await api.get("/readyz")).status_code == 200

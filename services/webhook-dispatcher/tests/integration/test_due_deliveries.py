"""What only the database shows: forgotten deliveries, leases that were lost, and days of failures."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import psycopg
import pytest
from darkroom_chassis.database import Database
from darkroom_queue import QueueClient
from darkroom_schemas.ids import TenantId
from support.receiver import Receiver
from support.waiting import until
from support.webhooks import job_ends, register
from webhook_dispatcher.domain.delivery import Attempted, Outcome, judge
from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.store.due_deliveries import PostgresDueDeliveries
from webhook_dispatcher.store.secret_box import FernetBox

BOX = FernetBox("k" * 32)
FILL = """
WITH endpoint AS (
    INSERT INTO webhooks.endpoints (id, tenant, url, events, sealed_secret)
    VALUES (gen_random_uuid(), 't', 'https://example.com', '{}', %s) RETURNING id
), message AS (
    INSERT INTO webhooks.messages (id, tenant, event_type, body)
    SELECT 'm' || n, 't', 'job.completed', '{}' FROM generate_series(1, 3) AS n RETURNING id
)
INSERT INTO webhooks.deliveries (message_id, endpoint_id, next_at)
SELECT message.id, endpoint.id, now() FROM message, endpoint
"""


@pytest.fixture
async def due(postgres_url: str) -> AsyncIterator[PostgresDueDeliveries]:
    """Three deliveries of the previous release, which knows no queues."""
    MIGRATIONS.upgrade(postgres_url)
    with psycopg.connect(postgres_url) as connection:
        connection.execute(FILL, [BOX.seal("whsec_" + "A" * 32)])
    database = Database(postgres_url, application="test", pool_size=2)
    yield PostgresDueDeliveries(database, BOX, parallel=2, rate_per_s=None)
    await database.close()


async def test_deliveries_that_woke_no_queue_are_found(due: PostgresDueDeliveries) -> None:
    assert await due.take_due(10, per_tenant=10, running={}) == []
    await due.wake()
    assert len(await due.take_due(10, per_tenant=10, running={})) == 2, "as many as the endpoint may get"
    assert await due.take_due(10, per_tenant=10, running={}) == []


async def test_the_outcome_of_an_expired_lease_does_not_replace_a_later_one(
    due: PostgresDueDeliveries, postgres_url: str
) -> None:
    await due.wake()
    first, *_ = await due.take_due(1, per_tenant=10, running={})
    failed, delivered = Attempted(500, "HTTP 500", 0.1), Attempted(200, None, 0.1)
    for attempted in (delivered, failed):
        await due.record([Outcome(first, attempted, judge(attempted, attempts_made=1, schedule_s=(0.0, 5.0)))])
    with psycopg.connect(postgres_url) as connection:
        rows = connection.execute("SELECT status, attempts FROM webhooks.deliveries WHERE id = %s", [first.id])
        assert rows.fetchall() == [("delivered", 1)]
        counts = connection.execute("SELECT delivered, failed FROM webhooks.endpoint_queues").fetchall()
        assert counts == [(1, 0)]


async def test_the_wait_ends_when_a_delivery_is_due(due: PostgresDueDeliveries) -> None:
    assert await due.wait_s(per_tenant=10, running={}) is None
    await due.wake()
    waits = await due.wait_s(per_tenant=10, running={})
    assert waits is not None
    assert waits <= 0
    assert await due.wait_s(per_tenant=1, running={TenantId("t"): 1}) is None, "a tenant at its limit is not waited for"


async def test_an_endpoint_that_only_failed_for_five_days_is_disabled(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver, database_url: str
) -> None:
    webhook = await register(api, receiver.url)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        moved = "UPDATE webhooks.endpoint_queues SET failing_since = now() - %s WHERE endpoint_id = %s"
        await connection.execute(moved, [timedelta(days=5), webhook["id"]])
    await job_ends(link, user)

    async def disabled() -> str | None:
        read = (await api.get(f"/api/webhooks/{webhook['id']}")).json()
        return None if read["active"] else read["disabled_reason"]

    assert await until(disabled) == "all attempts of five days failed"

"""Old messages, deliveries and attempts are deleted, by age and by number; deliveries under way are kept."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from darkroom_chassis.database import Database
from webhook_dispatcher.migrations import MIGRATIONS
from webhook_dispatcher.store.retention import delete_excess, delete_old

FILL = """
WITH endpoint AS (
    INSERT INTO webhooks.endpoints (id, tenant, url, events, sealed_secret)
    VALUES (gen_random_uuid(), 't', 'https://example.com', '{}', '') RETURNING id
), message AS (
    INSERT INTO webhooks.messages (id, tenant, event_type, body, created_at)
    SELECT 'm' || n, 't', 'job.completed', '', now() - n * interval '1 day' FROM generate_series(20, 1, -1) AS n
    RETURNING id, created_at
), delivery AS (
    INSERT INTO webhooks.deliveries (message_id, endpoint_id, status, next_at)
    SELECT message.id, endpoint.id, CASE WHEN message.id IN ('m1', 'm20') THEN 'pending' ELSE 'delivered' END,
        CASE WHEN message.id IN ('m1', 'm20') THEN now() END
    FROM message, endpoint ORDER BY message.created_at RETURNING id
)
INSERT INTO webhooks.attempts (delivery_id, number, duration_s) SELECT id, 1, 0.1 FROM delivery
"""


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    MIGRATIONS.upgrade(postgres_url)
    with psycopg.connect(postgres_url) as connection:
        connection.execute(FILL)
    database = Database(postgres_url, application="test", pool_size=2)
    yield database
    await database.close()


def kept(url: str) -> tuple[set[str], int, int]:
    with psycopg.connect(url) as connection:
        messages = {row[0] for row in connection.execute("SELECT id FROM webhooks.messages")}
        [deliveries] = connection.execute("SELECT count(*) FROM webhooks.deliveries").fetchone() or [0]
        [attempts] = connection.execute("SELECT count(*) FROM webhooks.attempts").fetchone() or [0]
    return messages, deliveries, attempts


async def test_messages_are_deleted_by_age_with_their_deliveries_and_attempts(
    database: Database, postgres_url: str
) -> None:
    assert await delete_old(database, days=9.5) == 11
    assert kept(postgres_url) == ({f"m{number}" for number in range(1, 10)}, 9, 9)


async def test_the_oldest_deliveries_are_deleted_by_number_unless_they_are_pending(
    database: Database, postgres_url: str
) -> None:
    assert await delete_excess(database, kept=5) == 14
    assert kept(postgres_url) == ({"m20", "m5", "m4", "m3", "m2", "m1"}, 6, 6)
    assert await delete_excess(database, kept=5) == 0

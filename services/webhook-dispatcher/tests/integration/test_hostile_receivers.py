"""Receivers whose address or answers are hostile: each attempt is counted, and none comes too soon or too late."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from darkroom_queue import QueueClient
from support.receiver import Receiver, receiving
from support.waiting import until
from support.webhooks import deliveries_of, job_ends, register

DAY = timedelta(days=1, minutes=1)


async def line_when_tried(api: httpx.AsyncClient, webhook_id: str, attempts: int) -> dict[str, Any]:
    async def tried() -> dict[str, Any] | None:
        lines = await deliveries_of(api, webhook_id)
        return lines[0] if lines and lines[0]["attempts"] >= attempts else None

    return await until(tried)


@pytest.mark.parametrize("url", ["http://" + "a" * 70 + ".example/", "http://xn--" + "9" * 80 + "/", "http://a..b/"])
async def test_a_host_that_cannot_be_encoded_uses_its_attempts_up(
    api: httpx.AsyncClient, link: QueueClient, user: str, database_url: str, url: str
) -> None:
    webhook = await register(api, "https://example.com/hook")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("UPDATE webhooks.endpoints SET url = %s WHERE id = %s", (url, webhook["id"]))
    await job_ends(link, user)
    line = await line_when_tried(api, webhook["id"], 4)
    assert (line["status"], line["next_at"], line["last_status"]) == ("failed", None, None)
    assert line["last_error"].startswith("refused URL: must ")


@pytest.mark.parametrize(
    "value",
    ["9" * 400, "-5", "1e9", "٣", "Wed, 21 Oct 9999 07:28:00 +9999", "Wed, 21 Oct 2015 07:28:00 -9959",
     "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 1 Jan 0001 00:00:00 +2359", "nonsense"],
)  # fmt: skip
async def test_a_hostile_retry_after_is_counted_and_delays_by_a_day_at_most(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver, value: str
) -> None:
    receiver.answers, receiver.headers = [503], {"Retry-After": value}
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        await job_ends(link, user)
        line = await line_when_tried(api, webhook["id"], 1)
    assert line["last_error"] == "HTTP 503"
    if line["next_at"] is not None:
        assert datetime.fromisoformat(line["next_at"]) <= datetime.now(UTC) + DAY

"""Rotation, additional headers, the dialect of EmProps, schedules, order and rate of single endpoints."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import httpx
import psycopg
import pytest
from darkroom_queue import QueueClient
from standardwebhooks import Webhook, WebhookVerificationError
from support.receiver import Receiver, receiving
from support.waiting import until
from support.webhooks import deliveries_of, job_ends, register

URL = "https://example.com/hook"


async def test_during_a_rotation_both_secrets_verify_and_then_the_new_one_only(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        path = f"/api/webhooks/{webhook['id']}/rotate"
        new = (await api.post(path, json={"overlap_s": 600})).json()["secret"]
        await job_ends(link, user)
        headers, body = await receiver.got.get()
        for secret in (webhook["secret"], new):
            Webhook(secret).verify(body, headers)
        newest = (await api.post(path, json={"overlap_s": 0})).json()["secret"]
        await job_ends(link, user)
        headers, body = await receiver.got.get()
        Webhook(newest).verify(body, headers)
        for secret in (webhook["secret"], new):
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, headers)
    refused = await api.post(path, json={"secret": "short"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "secret")


async def test_additional_headers_are_sent_and_never_shown(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver, database_url: str
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url, headers={"Authorization": "Bearer hidden-token", "X-Team": "7"})
        assert webhook["headers"] == {"Authorization": "***", "X-Team": "***"}
        await job_ends(link, user)
        headers, _ = await receiver.got.get()
        assert (headers["authorization"], headers["x-team"]) == ("Bearer hidden-token", "7")
        changed = await api.put(f"/api/webhooks/{webhook['id']}", json={"headers": {}})
        assert changed.json()["headers"] == {}
        await job_ends(link, user)
        assert "authorization" not in (await receiver.got.get())[0]
    with psycopg.connect(database_url) as connection:
        stored = str(connection.execute("SELECT e::text FROM webhooks.endpoints e").fetchall())
    assert "hidden-token" not in stored
    refused = await api.post("/api/webhooks", json={"url": URL, "headers": {"Host": "internal"}})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "headers")


async def test_the_dialect_of_emprops_takes_its_whole_form_and_sends_its_body(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    secret = "a secret of my own"
    form = {
        "url": receiver.url, "secret": secret, "events": ["job.completed"], "dialect": "emprops", "active": True,
        "filters": {"job_types": ["prompt_enhance"], "job_priorities": [50], "machine_ids": [], "worker_ids": []},
        "headers": {"X-Mine": "1"},
        "retry_config": {
            "max_attempts": 3, "initial_delay_ms": 200, "backoff_multiplier": 2.0, "max_delay_ms": 300
        },
    }  # fmt: skip
    receiver.answers = [500, 200]
    async with receiving(receiver):
        created = await api.post("/api/webhooks", json=form)
        assert created.status_code == 201, created.text
        assert created.json()["schedule_s"] == [0.0, 0.2, 0.3]
        event_id = await job_ends(link, user)
        got = [await receiver.got.get() for _ in range(2)]
    bodies: list[dict[str, Any]] = [json.loads(body) for _, body in got]
    assert [body["metadata"]["retry_attempt"] for body in bodies] == [0, 1]
    assert {body["event_type"] for body in bodies} == {"job.completed"}
    for headers, body in got:
        expected = "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
        assert headers["x-webhook-signature"] == expected
        assert (headers["x-event-id"], headers["webhook-id"]) == (f"msg_{event_id}",) * 2
        assert headers["x-webhook-id"] == created.json()["id"]


async def test_an_ordered_endpoint_gets_events_in_order_though_one_fails(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    receiver.answers = [200, 500, 500, 200]
    async with receiving(receiver):
        webhook = await register(api, receiver.url, ordered=True)
        expected = [f"msg_{await job_ends(link, user)}" for _ in range(5)]
        got = [(await receiver.next(webhook["secret"]))[0] for _ in range(7)]
    assert got == [expected[0], *[expected[1]] * 3, *expected[2:]]


async def test_an_endpoint_gets_no_more_attempts_per_second_than_it_asks_for(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url, rate_per_s=5)
        await asyncio.gather(*(job_ends(link, user) for _ in range(8)))
        await receiver.next(webhook["secret"])
        clock = asyncio.get_running_loop().time
        started = clock()
        for _ in range(7):
            await receiver.next(webhook["secret"])
        assert clock() - started >= 0.55, "five at once, then three at intervals of 0.2 s"


async def test_failures_in_a_row_pause_an_endpoint_and_its_owner_can_end_the_pause(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    webhook = await register(api, receiver.url, retry_config={"max_attempts": 1})
    for _ in range(8):
        await job_ends(link, user)

    async def failed() -> bool:
        lines = await deliveries_of(api, webhook["id"])
        return len(lines) == 8 and all(line["status"] == "failed" for line in lines)

    await until(failed)
    async with receiving(receiver):
        event_id = await job_ends(link, user)

        async def stored() -> bool:
            return len(await deliveries_of(api, webhook["id"])) == 9

        await until(stored)
        assert (await deliveries_of(api, webhook["id"]))[0]["attempts"] == 0, "the breaker is open"
        await api.put(f"/api/webhooks/{webhook['id']}", json={"active": True})
        assert (await receiver.next(webhook["secret"]))[0] == f"msg_{event_id}"

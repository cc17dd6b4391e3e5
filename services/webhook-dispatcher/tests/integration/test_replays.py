"""Replays: one delivery, all that failed, all that were missed while an endpoint was disabled."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
from darkroom_queue import QueueClient
from darkroom_schemas.ids import new_uuid7
from support.keys import publish_key
from support.receiver import Receiver, receiving
from support.services import RunningService
from support.waiting import until
from support.webhooks import deliveries_of, job_ends, register


async def with_status(api: httpx.AsyncClient, webhook_id: str, status: str, count: int) -> list[dict[str, Any]]:
    async def lines() -> list[dict[str, Any]] | None:
        found = await api.get(f"/api/webhooks/{webhook_id}/deliveries", params={"status": status})
        chosen: list[dict[str, Any]] = found.json()["deliveries"]
        return chosen if len(chosen) == count else None

    return await until(lines)


async def test_what_was_missed_while_disabled_is_replayed_in_order_and_at_a_rate(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    webhook = await register(api, receiver.url)
    path = f"/api/webhooks/{webhook['id']}"
    await api.put(path, json={"active": False})
    expected = [f"msg_{await job_ends(link, user)}" for _ in range(5)]
    await with_status(api, webhook["id"], "missed", 5)
    assert (await api.get(f"{path}/stats")).json()["missed_deliveries"] == 5
    async with receiving(receiver):
        await api.put(path, json={"active": True})
        clock = asyncio.get_running_loop().time
        started = clock()
        replayed = await api.post(f"{path}/replay", json={"what": "missed", "rate_per_s": 10})
        assert (replayed.status_code, replayed.json()) == (202, {"replayed": 5, "more": False})
        got = [(await receiver.next(webhook["secret"]))[0] for _ in range(5)]
        assert clock() - started >= 0.39, "four gaps of 0.1 s"
    assert got == expected
    stats = (await api.get(f"{path}/stats")).json()
    assert stats["missed_deliveries"] == 0


async def test_failed_deliveries_are_replayed_since_a_time_with_a_new_schedule(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    webhook = await register(api, receiver.url, retry_config={"max_attempts": 1})
    path = f"/api/webhooks/{webhook['id']}"
    await job_ends(link, user)
    await with_status(api, webhook["id"], "failed", 1)
    since = datetime.now(UTC).isoformat()
    later = f"msg_{await job_ends(link, user)}"
    await with_status(api, webhook["id"], "failed", 2)
    assert (await api.get(f"{path}/stats")).json()["failed_deliveries"] == 2
    async with receiving(receiver):
        again = {"Idempotency-Key": new_uuid7()}
        body = {"what": "failed", "since": since}
        answers = [(await api.post(f"{path}/replay", json=body, headers=again)).json() for _ in range(2)]
        assert answers == [{"replayed": 1, "more": False}] * 2
        assert (await receiver.next(webhook["secret"]))[0] == later
        [line] = await with_status(api, webhook["id"], "delivered", 1)
    assert (line["message_id"], line["attempts"]) == (later, 2)
    attempts = (await api.get(f"{path}/deliveries/{line['id']}/attempts")).json()["attempts"]
    assert [(one["number"], one["status"]) for one in attempts] == [(1, None), (2, 200)]
    stats = (await api.get(f"{path}/stats")).json()
    assert (stats["failed_deliveries"], stats["successful_deliveries"], stats["total_deliveries"]) == (1, 1, 2)


async def test_one_delivery_is_replayed_with_its_id(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        event_id = await job_ends(link, user)
        await receiver.next(webhook["secret"])
        [line] = await with_status(api, webhook["id"], "delivered", 1)
        path = f"/api/webhooks/{webhook['id']}/deliveries/{line['id']}/replay"
        assert (await api.post(path)).status_code == 202
        assert (await receiver.next(webhook["secret"]))[0] == f"msg_{event_id}"
    assert (await api.post(f"/api/webhooks/{webhook['id']}/deliveries/999999999/replay")).status_code == 404


async def test_the_log_is_filtered_and_paged(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        for _ in range(3):
            await job_ends(link, user)
            await receiver.next(webhook["secret"])
        await api.post(f"/api/webhooks/{webhook['id']}/test")
        await receiver.next(webhook["secret"])
    path = f"/api/webhooks/{webhook['id']}/deliveries"
    chosen = (await api.get(path, params={"event_type": "job.completed", "limit": 2})).json()
    rest = (await api.get(path, params={"event_type": "job.completed", "before": chosen["cursor"]})).json()
    assert ([len(chosen["deliveries"]), len(rest["deliveries"])], rest["cursor"]) == ([2, 1], None)
    now = datetime.now(UTC).isoformat()
    assert (await api.get(path, params={"since": now})).json()["deliveries"] == []
    assert len((await api.get(path, params={"until": now})).json()["deliveries"]) == 4
    for wrong in ({"status": "lost"}, {"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}):
        assert (await api.get(path, params=wrong)).status_code == 400


async def test_nothing_of_another_tenant_is_read_replayed_or_rotated(
    api: httpx.AsyncClient, service: RunningService, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        await job_ends(link, user)
        await receiver.next(webhook["secret"])
        [line] = await with_status(api, webhook["id"], "delivered", 1)
        theirs = f"/api/webhooks/{webhook['id']}"
        key = {"X-API-Key": await publish_key(link, new_uuid7())}
        async with httpx.AsyncClient(base_url=service.url, headers=key) as other:
            own = f"/api/webhooks/{(await register(other, receiver.url))['id']}"
            calls = [
                ("GET", f"{theirs}/deliveries/{line['id']}/attempts", None),
                ("GET", f"{own}/deliveries/{line['id']}/attempts", None),
                ("POST", f"{theirs}/deliveries/{line['id']}/replay", None),
                ("POST", f"{own}/deliveries/{line['id']}/replay", None),
                ("POST", f"{theirs}/replay", {"what": "failed"}),
                ("POST", f"{theirs}/rotate", {}),
            ]
            answers = [await other.request(method, path, json=body) for method, path, body in calls]
    assert {answer.status_code for answer in answers} == {404}
    [unchanged] = await deliveries_of(api, webhook["id"])
    assert (unchanged["status"], unchanged["attempts"]) == ("delivered", 1)

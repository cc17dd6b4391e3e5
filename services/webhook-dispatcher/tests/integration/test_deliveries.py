from typing import Any

import httpx
from darkroom_queue import QueueClient
from darkroom_schemas.events import EventType
from support.receiver import Receiver, receiving
from support.waiting import until
from support.webhooks import deliveries_of, job_ends, register


async def test_a_completed_job_reaches_the_endpoint_signed(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url, events=["job.completed"])
        event_id = await job_ends(link, user)
        message_id, body = await receiver.next(webhook["secret"])
    assert message_id == f"msg_{event_id}"
    assert body["type"] == "job.completed"
    assert body["data"]["job_status"] == "completed"
    assert body["data"]["result"]["text"] == "a longer prompt"


async def test_a_receiver_that_was_down_gets_it_when_it_is_back(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    webhook = await register(api, receiver.url)
    await job_ends(link, user)

    async def has_failed_once() -> bool:
        lines = await deliveries_of(api, webhook["id"])
        return bool(lines) and lines[0]["attempts"] >= 1

    await until(has_failed_once)
    async with receiving(receiver):
        _, body = await receiver.next(webhook["secret"])
    assert body["type"] == "job.completed"


async def test_a_failing_receiver_is_tried_again_with_the_same_id(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    receiver.answers = [500, 503, 200]
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        await job_ends(link, user)
        ids = {(await receiver.next(webhook["secret"]))[0] for _ in range(3)}

        async def delivered() -> dict[str, Any] | None:
            [line] = await deliveries_of(api, webhook["id"])
            return line if line["status"] == "delivered" else None

        line = await until(delivered)
    assert len(ids) == 1
    assert line is not None
    assert (line["attempts"], line["last_status"]) == (3, 200)


async def test_gone_switches_the_endpoint_off_and_a_put_on_again(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    receiver.answers = [410]
    async with receiving(receiver):
        webhook = await register(api, receiver.url)
        await job_ends(link, user)
        await receiver.next(webhook["secret"])

        async def is_off() -> bool:
            return not (await api.get(f"/api/webhooks/{webhook['id']}")).json()["active"]

        await until(is_off)
        again = await api.put(f"/api/webhooks/{webhook['id']}", json={"active": True})
    assert (again.json()["active"], again.json()["disabled_reason"]) == (True, None)


async def test_an_endpoint_receives_only_what_it_asked_for_and_only_of_its_tenant(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url, events=["job.completed"])
        await job_ends(link, user, kind=EventType.JOB_FAILED)
        await job_ends(link, "somebody-else")
        expected = await job_ends(link, user)
        message_id, _ = await receiver.next(webhook["secret"])
    assert message_id == f"msg_{expected}"
    assert receiver.got.empty()


async def test_a_test_event_can_be_sent(api: httpx.AsyncClient, receiver: Receiver) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url, events=["job.failed"])
        sent = await api.post(f"/api/webhooks/{webhook['id']}/test")
        message_id, body = await receiver.next(webhook["secret"])
    assert (message_id, body["type"]) == (sent.json()["message_id"], "webhook.test")

"""Which events reach which endpoints, under which names, and what survives the loss of Redis."""

from pathlib import Path

import httpx
import pytest
from darkroom_chassis.api_keys import KeyKind
from darkroom_queue import QueueClient
from darkroom_schemas.channels import WorkerState, WorkerStatusMessage, worker_status
from darkroom_schemas.events import EventType
from darkroom_schemas.ids import SYSTEM_TENANT, JobId, WorkerId, new_uuid7
from support.keys import publish_key
from support.receiver import Receiver, receiving
from support.redis_servers import MortalServer
from support.services import RunningService, StartService
from support.waiting import until
from support.webhooks import deliveries_of, emit, job_ends, outbox_ids, register


async def test_an_event_comes_under_the_name_that_the_endpoint_lists(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url, events=["job.created", "job.timeout", "asset.*"])
        await job_ends(link, user, kind=EventType.JOB_CREATED)
        _, created = await receiver.next(webhook["secret"])
        await emit(link, user, EventType.ASSET_CREATED, {"asset_id": "a1", "mime_type": "image/png"})
        _, asset = await receiver.next(webhook["secret"])
    assert (created["type"], created["data"]["job_type"]) == ("job.created", "prompt_enhance")
    assert (asset["type"], asset["data"]["asset_id"]) == ("asset.created", "a1")


async def test_filters_choose_by_job_type_and_status(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        await register(api, receiver.url, filters={"job_types": ["sdxl_image_fast"]})
        webhook = await register(api, receiver.url, filters={"statuses": ["failed"], "job_types": ["prompt_enhance"]})
        await job_ends(link, user)
        expected = await job_ends(link, user, kind=EventType.JOB_FAILED)
        message_id, _ = await receiver.next(webhook["secret"])
    assert message_id == f"msg_{expected}"
    assert receiver.got.empty()


async def test_a_job_has_a_webhook_of_its_own_signed_by_the_service(
    api: httpx.AsyncClient, service: RunningService, link: QueueClient, user: str, receiver: Receiver
) -> None:
    job_id = JobId(new_uuid7())
    async with receiving(receiver):
        own = {"url": f"{receiver.url}?job=7", "events": ["job.completed"]}
        await job_ends(link, user, kind=EventType.JOB_CREATED, job_id=job_id, webhook=own)
        await job_ends(link, "somebody-else", job_id=job_id)
        event_id = await job_ends(link, user, job_id=job_id)
        headers, _ = await receiver.got.get()
    assert headers["webhook-id"] == f"msg_{event_id}"
    assert "v1a," in headers["webhook-signature"]
    assert receiver.got.empty()
    assert (await api.get("/api/webhooks")).json()["webhooks"] == []
    [listed] = (await api.get("/api/webhooks", params={"of_jobs": True})).json()["webhooks"]
    assert listed["origin"] == f"http://127.0.0.1:{receiver.port}"
    assert [line["status"] for line in await deliveries_of(api, listed["id"])] == ["delivered"]
    rotated = await api.post(f"/api/webhooks/{listed['id']}/rotate", json={"overlap_s": 0})
    assert rotated.json()["secret"].startswith("whsec_")
    async with httpx.AsyncClient(base_url=service.url) as anybody:
        [key] = (await anybody.get("/.well-known/jwks.json")).json()["keys"]
    assert (key["crv"], key["whpk"][:5]) == ("Ed25519", "whpk_")


@pytest.mark.parametrize("url", ["ftp://example.com/", "http://a..b/", "http://user:pw@example.com/", ""])
async def test_an_unusable_webhook_of_a_job_holds_up_no_event(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver, url: str
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url, events=["job.submitted"])
        await job_ends(link, user, kind=EventType.JOB_CREATED, webhook={"url": url})
        await receiver.next(webhook["secret"])
    assert (await api.get("/api/webhooks", params={"of_jobs": True})).json()["webhooks"] == []


async def test_operators_receive_events_of_groups_and_workers_and_users_do_not(
    service: RunningService, api: httpx.AsyncClient, link: QueueClient, receiver: Receiver
) -> None:
    key = {"X-API-Key": await publish_key(link, None, KeyKind.ADMIN)}
    worker = WorkerId(f"w-{new_uuid7()}")

    async def seen(status: WorkerState, at_ms: int) -> None:
        message = WorkerStatusMessage(worker_id=worker, status=status, at_ms=at_ms).model_dump_json()
        await link.command("PUBLISH", worker_status(worker), message)

    async with httpx.AsyncClient(base_url=service.url, headers=key) as operator, receiving(receiver):
        users = await register(api, receiver.url, events=["*"])
        webhook = await register(operator, receiver.url, events=["group.completed", "worker.*"])
        await emit(link, SYSTEM_TENANT, EventType.GROUP_COMPLETED, {"group_id": "g1", "status": "completed"})
        _, group = await receiver.next(webhook["secret"])
        got = []
        for at_ms, status in enumerate([WorkerState.IDLE, WorkerState.BUSY, WorkerState.IDLE, WorkerState.LOST], 1):
            await seen(status, at_ms)
            if status in {WorkerState.IDLE, WorkerState.LOST} and at_ms != 3:
                got.append((await receiver.next(webhook["secret"]))[1])
        assert await deliveries_of(api, users["id"]) == []
        await operator.delete(f"/api/webhooks/{webhook['id']}")
    assert (group["type"], group["data"]["group_id"]) == ("group.completed", "g1")
    assert [body["type"] for body in got] == ["worker.connected", "worker.disconnected"]
    assert got[1]["data"] == {"worker_id": worker, "status": "lost"}


async def test_the_other_endpoints_of_a_tenant_receive_a_notice_that_one_was_disabled(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    gone = Receiver(receiver.port + 1, answers=[410])
    async with receiving(receiver), receiving(gone):
        disabled = await register(api, gone.url, events=["job.completed"])
        watching = await register(api, receiver.url, events=["endpoint.disabled"])
        await job_ends(link, user)
        _, body = await receiver.next(watching["secret"])
    assert body["type"] == "endpoint.disabled"
    assert body["data"]["webhook_id"] == disabled["id"]
    assert body["data"]["reason"] == "the receiver answered 410 Gone"


async def test_an_event_that_is_in_the_log_twice_is_delivered_once(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    async with receiving(receiver):
        webhook = await register(api, receiver.url, events=["job.completed"])
        outbox_id = next(outbox_ids)
        first = await job_ends(link, user, outbox_id=outbox_id)
        again = await job_ends(link, user, outbox_id=outbox_id)
        last = await job_ends(link, user)
        ids = [(await receiver.next(webhook["secret"]))[0] for _ in range(2)]
    assert first == again
    assert ids == [f"msg_{first}", f"msg_{last}"]


@pytest.mark.parametrize("keeps_data", [True, False])
async def test_intake_goes_on_after_a_restart_of_redis_with_and_without_its_data(
    start: StartService, tmp_path: Path, user: str, receiver: Receiver, *, keeps_data: bool
) -> None:
    server = MortalServer(tmp_path / "valkey", fsync="always")
    await server.start()
    with start(REDIS_URL=server.url) as service:
        async with receiving(receiver):
            link = await QueueClient.open(server.url)
            key = {"X-API-Key": await publish_key(link, user)}
            async with httpx.AsyncClient(base_url=service.url, headers=key) as api:
                webhook = await register(api, receiver.url)
            first = await job_ends(link, user)
            assert (await receiver.next(webhook["secret"]))[0] == f"msg_{first}"
            if not keeps_data:
                await link.command("FLUSHALL")
            await server.kill()
            await server.start()

            async def emitted() -> str | None:
                try:
                    return await job_ends(link, user)
                except Exception:  # noqa: BLE001 - the server is being restarted
                    return None

            second = await until(emitted)
            assert (await receiver.next(webhook["secret"]))[0] == f"msg_{second}"
            await link.close()
    assert first.split("-")[1] != second.split("-")[1], "a new epoch"
    await server.kill()


async def test_an_operator_who_lists_events_of_steps_receives_those_of_all_users(
    service: RunningService, api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    """Their own endpoints go on, and an operator who lists everything is not flooded."""
    key = {"X-API-Key": await publish_key(link, None, KeyKind.ADMIN)}
    async with httpx.AsyncClient(base_url=service.url, headers=key) as operator, receiving(receiver):
        everything = await register(operator, "https://example.org/everything", events=["*"])
        webhook = await register(operator, receiver.url, events=["step.*"])
        mine = await register(api, "https://example.org/mine", events=["step.*"])
        await emit(link, user, EventType.STEP_FAILED, {"error": {"code": "timeout", "message": "slow"}})
        _, failed = await receiver.next(webhook["secret"])
        assert (failed["type"], failed["data"]["error"]["code"]) == ("step.failed", "timeout")
        assert len(await deliveries_of(api, mine["id"])) == 1
        assert await deliveries_of(operator, everything["id"]) == []
        for webhook_id in (everything["id"], webhook["id"]):
            await operator.delete(f"/api/webhooks/{webhook_id}")

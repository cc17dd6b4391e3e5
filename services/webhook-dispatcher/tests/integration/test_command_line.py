"""`darkroom webhooks` with a running dispatcher."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process

import httpx
from darkroom_queue import QueueClient
from support.keys import publish_key
from support.program import DARKROOM
from support.receiver import Receiver, receiving
from support.services import RunningService
from support.waiting import until
from support.webhooks import deliveries_of, job_ends, register


async def darkroom(service: RunningService, key: str, *arguments: str) -> Process:
    connection = ("--url", "http://127.0.0.1:9", "--token", key, "--dispatcher-url", service.url)
    return await asyncio.create_subprocess_exec(DARKROOM, "webhooks", *arguments, *connection, stdout=PIPE, stderr=PIPE)


async def printed(process: Process) -> str:
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode().strip()


async def test_listen_registers_verifies_prints_and_unregisters(
    service: RunningService, api: httpx.AsyncClient, link: QueueClient, user: str
) -> None:
    key = await publish_key(link, user)
    process = await darkroom(service, key, "listen", "--json", "--count", "1", "--event", "job.completed")
    assert process.stderr is not None
    assert b"listens at http://127.0.0.1:" in await process.stderr.readline()
    [webhook] = (await api.get("/api/webhooks")).json()["webhooks"]
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.post(webhook["url"], content=b"{}")).status_code == 400
    event_id = await job_ends(link, user)
    event = json.loads(await printed(process))
    assert (event["id"], event["type"]) == (f"msg_{event_id}", "job.completed")
    assert (await api.get("/api/webhooks")).json()["webhooks"] == []


async def test_failed_deliveries_are_listed_explained_and_replayed(
    service: RunningService, api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    key = await publish_key(link, user)
    webhook = await register(api, receiver.url, retry_config={"max_attempts": 1})
    event_id = await job_ends(link, user)

    async def failed() -> bool:
        lines = await deliveries_of(api, webhook["id"])
        return bool(lines) and lines[0]["status"] == "failed"

    await until(failed)
    line = (await printed(await darkroom(service, key, "deliveries", webhook["id"], "--status", "failed"))).split("\t")
    assert line[0] == f"msg_{event_id}"
    attempt = (await printed(await darkroom(service, key, "attempts", webhook["id"], line[-1]))).split("\t")
    assert (attempt[0], attempt[3]) == ("1", "ConnectionRefusedError")
    secret = await printed(await darkroom(service, key, "rotate", webhook["id"], "--overlap", "0"))
    async with receiving(receiver):
        replayed = await printed(await darkroom(service, key, "replay", webhook["id"], "--rate", "50"))
        assert replayed == "1 deliveries are made again"
        assert (await receiver.next(secret))[0] == f"msg_{event_id}"
        one = await printed(await darkroom(service, key, "replay", webhook["id"], "--delivery", line[-1]))
        assert one == "1 delivery is made again"
        assert (await receiver.next(secret))[0] == f"msg_{event_id}"

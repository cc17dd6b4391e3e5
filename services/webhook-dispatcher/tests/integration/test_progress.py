"""Live progress is sent to those who list it: the latest only, and never again."""

import time

import httpx
from darkroom_local.servers.ports import free_ports
from darkroom_queue import Producer, QueueClient
from darkroom_schemas.channels import ProgressMessage, job_progress
from darkroom_schemas.ids import TenantId, WorkerId
from support.receiver import Receiver, receiving
from support.steps import make_step
from support.waiting import until
from support.webhooks import deliveries_of, register


async def test_progress_reaches_an_endpoint_that_lists_it_and_is_not_stored(
    api: httpx.AsyncClient, link: QueueClient, user: str, receiver: Receiver
) -> None:
    step = make_step(tenant=TenantId(user))
    await Producer(link).submit(step)
    percent = 0.0

    async def report() -> bool:
        nonlocal percent
        percent += 0.01
        message = ProgressMessage(
            job_id=step.job_id, step_id=step.id, worker_id=WorkerId("w1"), progress=percent,
            at_ms=int(time.time() * 1000),
        )  # fmt: skip
        await link.command("PUBLISH", job_progress(step.job_id), message.model_dump_json())
        return not receiver.got.empty()

    receiver.answers = [500, 200]
    of_all_others = Receiver(free_ports(1)[0])
    async with receiving(receiver), receiving(of_all_others):
        webhook = await register(api, receiver.url, events=["job.progress"])
        await register(api, of_all_others.url, events=["*"])
        await until(report, timeout_s=20)
        _, first = await receiver.next(webhook["secret"])
        await until(report, timeout_s=20)
        _, later = await receiver.next(webhook["secret"])
        stored = await deliveries_of(api, webhook["id"])
    assert (first["type"], first["data"]["job_type"], first["data"]["job_id"]) == (
        "job.progress", "simulation", step.job_id,
    )  # fmt: skip
    assert later["data"]["progress"] > first["data"]["progress"]
    assert stored == []
    assert "job.progress" not in "".join(of_all_others.got.get_nowait()[1] for _ in range(of_all_others.got.qsize()))

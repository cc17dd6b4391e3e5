"""What an outage must leave as it was."""

from darkroom_queue import Producer, QueueClient
from darkroom_queue.worker.turn import WorkerPort
from support.steps import make_step, make_worker


async def test_the_first_heartbeat_after_an_outage_gives_no_more_than_a_lease(link: QueueClient) -> None:
    port = WorkerPort(link, make_worker(), lease_s=12.0)
    await port.register()
    await Producer(link).submit(make_step())
    [step] = (await port.turn(want=1)).claims
    swept = int(await link.command("HGET", link.keys.meta, "swept"))
    before = float(await link.command("ZSCORE", "{darkroom-0}:lz", step.id))
    await link.redis_py.hset(link.keys.meta, "swept", swept - 60_000)
    await port.turn(want=0, heartbeats=[(step.id, step.token)])
    assert float(await link.command("ZSCORE", "{darkroom-0}:lz", step.id)) < before + 2_000

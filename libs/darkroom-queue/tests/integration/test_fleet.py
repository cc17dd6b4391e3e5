import asyncio
from collections.abc import AsyncIterator

import pytest
from darkroom_queue import DeadLetters, Producer, QueueClient, StatusFeed, Sweeper
from darkroom_queue.log import status
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort
from darkroom_schemas.channels import MachineStatusMessage, WorkerStatusMessage
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import StepId
from redis.asyncio.client import PubSub
from support.steps import make_step, make_worker

META = "{darkroom-0}:"


class Channels:
    """Receives the messages about workers and machines."""

    def __init__(self, pubsub: PubSub) -> None:
        self._pubsub = pubsub

    async def next(self) -> tuple[str, str]:
        message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
        while message is None:
            message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
        model = WorkerStatusMessage if message["channel"].startswith("worker") else MachineStatusMessage
        return message["channel"], model.model_validate_json(message["data"]).status


@pytest.fixture
async def channels(link: QueueClient) -> AsyncIterator[Channels]:
    async with link.redis_py.pubsub() as pubsub:
        await pubsub.psubscribe("worker:status:*", "machine:*:status")
        yield Channels(pubsub)


async def worker(link: QueueClient, name: str = "w1") -> WorkerPort:
    port = WorkerPort(link, make_worker(name), lease_s=12)
    await port.register()
    return port


async def test_a_workers_life_is_reported_on_the_documented_channels(link: QueueClient, channels: Channels) -> None:
    port = await worker(link)
    await Producer(link).submit(make_step())
    [claimed] = (await port.turn(want=1)).claims
    await port.turn(want=0, finishes=[Finish(claimed.id, claimed.token, Outcome.OK)])
    await port.unregister()
    heard = [await channels.next() for _ in range(6)]
    mine, machine = "worker:status:w1", "machine:m1:status"
    assert heard == [
        (mine, "idle"), (machine, "ready"), (mine, "busy"), (mine, "idle"), (mine, "stopped"), (machine, "shutdown"),
    ]  # fmt: skip


async def test_a_machine_stays_until_its_last_worker_is_gone(link: QueueClient, channels: Channels) -> None:
    first, second = await worker(link, "w1"), await worker(link, "w2")
    for port in (first, second):
        await port.unregister()
    heard = [await channels.next() for _ in range(8)]
    assert [status for channel, status in heard if channel.startswith("machine")][-2:] == ["ready", "shutdown"]


async def test_a_worker_without_heartbeats_is_reported_as_lost(link: QueueClient, channels: Channels) -> None:
    await worker(link)
    await link.redis_py.zadd(f"{META}wz", {"w1": 1})
    swept = await Sweeper(link).sweep()
    heard = [await channels.next() for _ in range(4)]
    assert swept.workers == 1
    assert heard[-2:] == [("worker:status:w1", "lost"), ("machine:m1:status", "disconnected")]


async def make_old(link: QueueClient, step_id: StepId) -> None:
    """Let a waiting step have been queued long ago."""
    header, _, body = (await link.command("HGET", f"{META}s", step_id)).partition("\n")
    fields = header.split("\t")
    fields[-1] = "1"
    await link.command("HSET", f"{META}s", step_id, "\t".join(fields) + "\n" + body)


async def test_a_step_that_nobody_can_run_ends_as_a_dead_letter_after_its_time_limit(link: QueueClient) -> None:
    step, fresh = make_step(), make_step()
    await Producer(link).submit_many([step, fresh])
    await make_old(link, step.id)
    await Sweeper(link).sweep()
    [letter] = (await DeadLetters(link).page()).views
    assert letter.id == step.id
    assert letter.error is not None
    assert letter.error.code is StepErrorCode.UNWORKABLE
    assert (await Producer(link).depth()).queued == 1


async def test_a_step_that_somebody_can_run_waits_as_long_as_it_takes(link: QueueClient) -> None:
    step = make_step()
    await Producer(link).submit(step)
    await make_old(link, step.id)
    port = await worker(link)
    await Sweeper(link).sweep()
    assert [c.id for c in (await port.turn(want=1)).claims] == [step.id]


async def test_a_silent_subscription_is_not_taken_for_a_lost_one(
    link: QueueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "POLL_S", 0.02)
    async with StatusFeed(link) as feed:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(aiter(feed)), 0.5)

"""Tiny scenarios that are cut between two script calls, with the cut drawn from a seed.

A cut connection loses the call or only its answer; a crashed process never calls again, and a new one takes its name.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

from darkroom_queue import Consumer, EventLog, Producer, QueueClient, StepContext
from darkroom_redis import RedisUnavailable
from darkroom_redis.resolver import locate
from darkroom_redis.script_loader import LuaScript
from darkroom_schemas.events import STEP_TERMINAL, EventType
from darkroom_schemas.ids import EventId, StepId, TenantId
from darkroom_schemas.step import StepResult, StepSubmit
from support.steps import make_step, make_worker

CALLS = 14
"""A scenario makes about this many; a cut beyond the last one leaves it whole."""


class CutLink(QueueClient):
    """Fails its `cut_at`th script call, before or after the server executed it, and all later ones if it crashes."""

    def __init__(self, url: str, cut_at: int, *, executed: bool, crashes: bool) -> None:
        super().__init__(locate(url))
        self._left, self._executed, self._crashes = cut_at, executed, crashes
        self.crashed = asyncio.Event()

    async def run(self, script: LuaScript, *args: str | bytes | int | float) -> object:
        if self.crashed.is_set():
            raise RedisUnavailable("this process is dead")
        self._left -= 1
        if self._left != 0:
            return await super().run(script, *args)
        if self._executed:
            await super().run(script, *args)
        if self._crashes:
            self.crashed.set()
        raise RedisUnavailable("cut")


@dataclass
class Outcome:
    """What the log and the steps tell after a scenario."""

    seed: int
    accepted: list[StepId]
    ends: Counter[StepId] = field(default_factory=Counter)
    winners: dict[StepId, str] = field(default_factory=dict)
    kept: dict[StepId, str] = field(default_factory=dict)

    def faults(self) -> list[str]:
        """Name each broken promise."""
        faults = [f"{step} ended {self.ends[step]} times" for step in self.accepted if self.ends[step] != 1]
        faults += [f"{step}: {text} is kept, not {self.kept[step]}" for step, text in self.winners.items()
                   if text != self.kept.get(step)]  # fmt: skip
        return [f"seed {self.seed}: {fault}" for fault in faults]


async def run_scenario(clean: QueueClient, url: str, seed: int) -> Outcome:
    """Submit, cancel and work with one cut somewhere, and wait until every step has ended."""
    draw = random.Random(seed)  # noqa: S311 - reproducible
    worker = CutLink(url, draw.randint(1, CALLS), executed=draw.random() < 0.5, crashes=draw.random() < 0.5)
    sender = CutLink(url, draw.randint(1, 5), executed=draw.random() < 0.5, crashes=False)
    steps = [make_step(tenant=TenantId(draw.choice("ab"))) for _ in range(draw.randint(1, 3))]
    outcome = Outcome(seed, [step.id for step in steps])
    place = await EventLog(clean).tail()
    working = asyncio.create_task(_work_through_crashes(worker, clean, draw.randint(1, 3)))
    try:
        await _send(Producer(sender), steps, cancel=draw.random() < 0.3)
        async with asyncio.timeout(20):
            await _follow(clean, place, outcome)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await worker.close()
        await sender.close()
    for step_id in outcome.accepted:
        view = await Producer(clean).read(step_id)
        if view is not None and view.result is not None:
            outcome.kept[step_id] = view.result.text or ""
    return outcome


async def _work(context: StepContext) -> StepResult:
    return StepResult(text=context.step.token)


async def _work_through_crashes(first: CutLink, second: QueueClient, concurrency: int) -> None:
    """Work until the first process crashes, and then in a second one of the same name."""
    dying = asyncio.create_task(Consumer(first, make_worker(concurrency=concurrency), _work).run())
    try:
        await first.crashed.wait()
    finally:
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    await Consumer(second, make_worker(concurrency=concurrency), _work).run()


async def _send(producer: Producer, steps: list[StepSubmit], *, cancel: bool) -> None:
    for step in steps:
        await _repeat(producer, step)
    if cancel:
        try:
            await producer.cancel(steps[-1].id, reason="asked")
        except RedisUnavailable:
            await producer.cancel(steps[-1].id, reason="asked")


async def _repeat(producer: Producer, step: StepSubmit) -> None:
    try:
        await producer.submit(step)
    except RedisUnavailable:
        await producer.submit(step)


async def _follow(link: QueueClient, place: EventId, outcome: Outcome) -> None:
    log = EventLog(link)
    while len(outcome.ends) < len(outcome.accepted):
        for event in await log.read(place, block_ms=1000):
            place = EventId.parse(event.id)
            if event.step_id is not None and event.type in STEP_TERMINAL:
                outcome.ends[event.step_id] += 1
                if event.type == EventType.STEP_COMPLETED:
                    outcome.winners[event.step_id] = event.data["result"]["text"]

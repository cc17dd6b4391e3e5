import asyncio

from darkroom_queue import Consumer, EventFanout, Insight, Producer, RedisLink, StepContext
from darkroom_schemas.step import StepResult
from queue_api.domain.calibration import Calibration
from queue_api.loops.calibrator import Calibrator
from support.steps import make_step, make_worker
from support.waiting import until

ENOUGH_FOR_AN_ESTIMATE = 6


async def test_an_estimate_is_held_against_the_start(redis_url: str) -> None:
    link = await RedisLink.open(redis_url)
    producer, insight, fanout, calibration = Producer(link), Insight(link), EventFanout(link), Calibration()
    calibrator, opened = Calibrator(insight, fanout, calibration), asyncio.Event()
    opened.set()

    async def handle(_: StepContext) -> StepResult:
        await opened.wait()
        return StepResult()

    worker = Consumer(link, make_worker(), handle)
    tasks = [asyncio.create_task(run()) for run in (fanout.run, calibrator.watch, worker.run)]

    async def all_done() -> bool:
        depth = await producer.depth()
        return depth.queued + depth.running == 0

    await producer.submit_many([make_step() for _ in range(ENOUGH_FOR_AN_ESTIMATE)])
    await until(all_done)
    opened.clear()
    await producer.submit_many([make_step(), make_step()])  # one runs, one waits

    async def foretold() -> bool:
        await calibrator.foretell_one()
        return calibration.open == 1

    await until(foretold)
    assert calibration.error is None
    opened.set()

    async def judged() -> bool:
        return calibration.error is not None

    await until(judged)
    assert sum(calibration.counts.values()) == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await link.close()

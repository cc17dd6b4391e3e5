import asyncio

from darkroom_chassis.metrics import ITEMS_REJECTED
from darkroom_queue import Consumer, EventFanout, Insight, Producer, QueueClient, StepContext
from darkroom_schemas.step import StepResult
from prometheus_client import Counter
from queue_api.domain.calibration import Calibration
from queue_api.loops.calibrator import Calibrator
from support.steps import make_step, make_worker
from support.waiting import until

ENOUGH_FOR_AN_ESTIMATE = 6


async def test_an_estimate_is_held_against_the_start(redis_url: str) -> None:
    link = await QueueClient.open(redis_url)
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

    async def predicted() -> bool:
        await calibrator.predict_one()
        return calibration.open == 1

    await until(predicted)
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


async def test_a_step_that_cannot_be_read_does_not_end_the_sampling(redis_url: str) -> None:
    link = await QueueClient.open(redis_url)
    step = make_step()
    await Producer(link).submit(step)
    await link.command("HSET", link.keys.steps, step.id, "not a record")
    rejected = ITEMS_REJECTED.labels("eta-samples", "ReplyError")
    before = _value(rejected)
    sampling = asyncio.create_task(Calibrator(Insight(link), EventFanout(link), Calibration()).sample())

    async def twice() -> bool:
        return _value(rejected) >= before + 2

    await until(twice)
    assert not sampling.done()
    sampling.cancel()
    await asyncio.gather(sampling, return_exceptions=True)
    await link.close()


def _value(counter: Counter) -> float:
    [metric] = counter.collect()
    return next(sample.value for sample in metric.samples if sample.name.endswith("_total"))

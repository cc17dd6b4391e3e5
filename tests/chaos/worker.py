"""A worker process for the chaos run to kill, stop and cut off: `python worker.py URL NAME`."""

import asyncio
import signal
import sys
from contextlib import suppress

from darkroom_queue import Consumer, QueueClient, StepContext, StepFailed, StepStopped
from darkroom_redis import RedisUnavailable
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepError, StepResult
from support.steps import make_worker

LEASE_S, BEAT_S = 1.5, 0.5


async def work(context: StepContext) -> StepResult:
    """Take as long as the step says, and fail as often as it says."""
    with suppress(TimeoutError):
        async with asyncio.timeout(context.step.payload["work_s"]):
            await context.stop.wait()
            raise StepStopped
    if context.step.attempt <= context.step.payload["failures"]:
        raise StepFailed(StepError(code=StepErrorCode.BACKEND, message="asked to fail", retryable=True))
    return StepResult(text=context.step.token)


async def connect(url: str) -> QueueClient:
    while True:
        with suppress(RedisUnavailable):
            return await QueueClient.open(url)
        await asyncio.sleep(0.1)  # the run may have taken the server away just now


async def main(url: str, name: str) -> None:
    link = await connect(url)
    consumer = Consumer(link, make_worker(name, concurrency=2), work, lease_s=LEASE_S, heartbeat_s=BEAT_S)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: consumer.drain(grace_s=0.5))
    await consumer.run()
    await link.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))

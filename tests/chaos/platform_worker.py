"""A worker process for the platform run: `platform_worker.py URL NAME`. The prompt says what becomes of its job."""

import asyncio
import hashlib
import sys
from contextlib import suppress

from darkroom_queue import Consumer, QueueClient, StepContext, StepFailed, StepStopped
from darkroom_redis import RedisUnavailable
from darkroom_schemas.catalogue import CATALOGUE
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepError, StepOutput, StepResult
from darkroom_schemas.worker import Capabilities
from support.orders import Course
from support.steps import make_worker

CONCURRENCY, LONGEST_MS = 8, 200
MODELS = tuple({t.model for t in CATALOGUE.values() if t.model})


async def work(context: StepContext) -> StepResult:
    """Take a while that depends on the step alone, and give outputs whose bytes nobody will ask for."""
    step, payload = context.step, context.step.payload
    with suppress(TimeoutError):
        async with asyncio.timeout(int(hashlib.sha256(step.id.encode()).hexdigest(), 16) % LONGEST_MS / 1000):
            await context.stop.wait()
            raise StepStopped
    context.progress(50)
    prompt = str(payload["prompt"])
    if payload["family"] == "prompt":
        return StepResult(text=f"{prompt} in golden light")
    course, run = Course(prompt.split()[1]), int(step.id.split(":")[1])
    if course is Course.STUMBLES and step.attempt == 1:
        raise _failure(retryable=True)
    if course is Course.FAILS or (course is Course.FAILS_ONCE and run == 1):
        raise _failure(retryable=False)
    missing = 1 if course is Course.PART else 0
    outputs = [_output(f"{step.id}/{step.attempt}/{index}", index) for index in range(len(payload["seeds"]) - missing)]
    return StepResult(outputs=tuple(outputs))


def _failure(*, retryable: bool) -> StepFailed:
    return StepFailed(StepError(code=StepErrorCode.BACKEND, message="asked to fail", retryable=retryable))


def _output(key: str, index: int) -> StepOutput:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return StepOutput(key=key, index=index, mime_type="image/png", size_bytes=1, sha256=digest)


async def connect(url: str) -> QueueClient:
    while True:
        with suppress(RedisUnavailable):
            return await QueueClient.open(url)
        await asyncio.sleep(0.1)  # the run may have taken the server away just now


async def main(url: str, name: str) -> None:
    link = await connect(url)
    abilities = Capabilities(types=tuple(CATALOGUE), models=MODELS, vram_gb=48)
    worker = make_worker(name, concurrency=CONCURRENCY, capabilities=abilities)
    await Consumer(link, worker, work, lease_s=3.0, heartbeat_s=1.0).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))

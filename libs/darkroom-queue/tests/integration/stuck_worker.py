"""A worker that takes a step and never ends it: a program for the tests to kill."""

import asyncio
import sys

from darkroom_queue import Consumer, QueueClient, StepContext
from darkroom_schemas.step import StepResult
from support.steps import make_worker


async def stuck(context: StepContext) -> StepResult:
    await asyncio.Event().wait()
    return StepResult()


async def main(url: str) -> None:
    link = await QueueClient.open(url)
    await Consumer(link, make_worker("victim"), stuck, lease_s=1.5, heartbeat_s=0.5).run()


asyncio.run(main(sys.argv[1]))

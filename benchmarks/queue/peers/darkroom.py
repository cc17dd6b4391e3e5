"""Ours, with everything on that cannot be switched off: fairness, fencing, events, capability matching."""

import itertools
import os
import time
from collections.abc import Sequence

from darkroom_queue import Consumer, Producer, QueueClient, StepContext
from darkroom_queue.client import DEFAULT_LEASE_S
from darkroom_schemas.ids import JobId, StepId, TenantId, WorkerId
from darkroom_schemas.step import StepResult, StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements, WorkerInfo
from protocol import Payload, Report

REQUIREMENTS = Requirements(type="picture")


class Peer:
    """The producer and consumer of `darkroom_queue`."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._run = f"{os.getpid():x}-{time.time_ns():x}"

    async def open(self, url: str) -> None:
        self._producer = Producer(await QueueClient.open(url))

    async def enqueue(self, payload: Payload) -> object:
        return await self._producer.submit(self._step(payload))

    async def bulk(self, batch: Sequence[Payload]) -> object:
        return await self._producer.submit_many([self._step(payload) for payload in batch])

    async def work(self, url: str, concurrency: int, report: Report, lease_s: float | None) -> None:
        async def handle(context: StepContext) -> StepResult:
            if report.start(context.step.payload):
                await context.stop.wait()
            return StepResult()

        info = WorkerInfo(
            worker_id=WorkerId(f"w{os.getpid()}"), incarnation=f"{os.getpid():x}{time.time_ns():x}", machine_id="m",
            capabilities=Capabilities(types=("picture",)), concurrency=concurrency, version="0",
        )  # fmt: skip
        lease_s = lease_s or DEFAULT_LEASE_S
        await Consumer(await QueueClient.open(url), info, handle, lease_s=lease_s, heartbeat_s=lease_s / 3).run()

    def _step(self, payload: Payload) -> StepSubmit:
        job = JobId(f"{self._run}-{next(self._numbers):x}")
        return StepSubmit(
            id=StepId(f"{job}:1:00"), job_id=job, tenant=TenantId("t1"), requirements=REQUIREMENTS, payload=payload,
            created_us=time.time_ns() // 1000,
        )  # fmt: skip

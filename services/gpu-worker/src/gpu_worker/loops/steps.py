"""Takes steps from the queue once every connector is ready, and says in one line how each attempt ended."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from darkroom_chassis.logs import get_logger
from darkroom_queue import StepContext, StepFailed, StepStopped, WorkerSuperseded
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepError, StepResult

from gpu_worker.domain.failures import Failure, Stopped
from gpu_worker.domain.step_router import StepRouter
from gpu_worker.metrics import STAGE_SECONDS, STEP_SECONDS, STEPS

log = get_logger(__name__)

_STOP_MARGIN_S = 15.0
"""Time to stop what still runs after the grace, and to report it."""


class StepHandler:
    """The queue's handler: runs an attempt and translates its end into the queue's words."""

    def __init__(self, router: StepRouter, worker_id: str) -> None:
        self._router = router
        self._worker_id = worker_id

    async def __call__(self, context: StepContext) -> StepResult:
        started = time.perf_counter()
        try:
            result = await self._router.execute(context)
        except Failure as failure:
            error = StepError(code=failure.code, message=failure.message, retryable=failure.retryable)
            self._summarize(context, started, "failed", error)
            raise StepFailed(error) from failure
        except Stopped as stopped:
            self._summarize(context, started, context.stop_reason or "stopped")
            raise StepStopped from stopped
        except asyncio.CancelledError:
            self._summarize(context, started, "abandoned")
            raise
        except Exception as error:
            log.exception("A connector failed in a way nobody foresaw", step_id=context.step.id)
            problem = StepError(code=StepErrorCode.INTERNAL, message=type(error).__name__, retryable=True)
            self._summarize(context, started, "failed", problem)
            raise StepFailed(problem) from error
        for stage, seconds in result.timings_s.items():
            STAGE_SECONDS.labels(context.step.requirements.type, stage).observe(seconds)
        self._summarize(context, started, "completed", result=result)
        return result

    def _summarize(
        self,
        context: StepContext,
        started: float,
        outcome: str,
        error: StepError | None = None,
        result: StepResult | None = None,
    ) -> None:
        step, seconds = context.step, time.perf_counter() - started
        job_type = step.requirements.type
        connector = self._router.connector_name(job_type)
        STEPS.labels(job_type, connector, outcome).inc()
        STEP_SECONDS.labels(job_type).observe(seconds)
        log.info(
            "An attempt ended",
            job_id=step.job_id,
            step_id=step.id,
            trace_id=step.trace_id,
            worker_id=self._worker_id,
            type=job_type,
            connector=connector,
            attempt=step.attempt,
            outcome=outcome,
            seconds=round(seconds, 3),
            outputs=len(result.outputs) if result else 0,
            timings_s=result.timings_s if result else {},
            error_code=error.code if error else None,
            error=error.message if error else None,
        )


class StepConsumer(Protocol):
    """What takes steps from the queue."""

    async def run(self) -> None: ...

    def drain(self, *, grace_s: float) -> None: ...


class Availability(Protocol):
    """Whether there is anything to run steps on."""

    async def available(self) -> None:
        """Wait until there is."""

    async def missing_for(self, seconds: float) -> None:
        """Wait until there has been nothing for so long."""


class AlwaysAvailable:
    """The gate of a worker whose connectors need no process of their own."""

    async def available(self) -> None:
        """Return at once."""

    async def missing_for(self, seconds: float) -> None:  # noqa: ARG002 - nothing is ever missing
        """Never return."""
        await asyncio.Event().wait()


class StepLoop:
    """Takes steps while there is something to run them on; a worker that cannot work must not hold any."""

    def __init__(
        self, make_consumer: Callable[[], StepConsumer], gate: Availability, *, give_up_after_s: float
    ) -> None:
        self._make_consumer = make_consumer
        self._gate = gate
        self._give_up_after_s = give_up_after_s
        self._consumer: StepConsumer | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = asyncio.Event()

    async def run(self) -> None:
        """Take steps; after a drain, stay quiet until cancelled."""
        while True:
            await self._gate.available()
            if self._draining.is_set():
                await asyncio.Event().wait()
            self._consumer = self._make_consumer()
            self._idle.clear()
            watch = asyncio.create_task(self._give_up_when_missing(self._consumer))
            try:
                await self._consumer.run()
            except WorkerSuperseded:
                log.error("Another process works under this worker's id: this one stays out of its way until restarted")
                self._draining.set()
            finally:
                watch.cancel()
                self._consumer = None
                self._idle.set()

    async def check(self) -> None:
        """Raise while the worker takes no steps."""
        if self._consumer is None or self._draining.is_set():
            raise RuntimeError("the worker takes no steps")

    async def drain(self, grace_s: float) -> None:
        """Take no more steps, and wait until those in hand are finished or given back."""
        self._draining.set()
        if self._consumer is not None:
            self._consumer.drain(grace_s=grace_s)
            # Without the queue nothing can be given back; then the leases end by themselves.
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_s + _STOP_MARGIN_S):
                    await self._idle.wait()

    async def _give_up_when_missing(self, consumer: StepConsumer) -> None:
        await self._gate.missing_for(self._give_up_after_s)
        log.error(
            "The GPU process does not come back; no steps are taken until it does", worker_waits_s=self._give_up_after_s
        )
        consumer.drain(grace_s=0)

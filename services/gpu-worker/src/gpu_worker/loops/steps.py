"""Takes steps from the queue while the GPU process is available, and logs one line for each attempt."""

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
from gpu_worker.domain.model_states import ModelStates
from gpu_worker.domain.ports import StepRun
from gpu_worker.loops.attempt_trace import AttemptTrace
from gpu_worker.loops.claim_holds import ClaimHolds
from gpu_worker.metrics import STAGE_SECONDS, STEP_SECONDS, STEPS

log = get_logger(__name__)

_HOLD_GRACE_S = 86_400.0
"""Time for steps in progress when the worker stops claiming, in seconds: longer than any step may run."""
_STOP_MARGIN_S = 15.0
"""Extra time after the grace period to stop running steps and report them, in seconds."""


class Steps(Protocol):
    """Executes attempts; implemented by `StepRouter` and `BackendSteps`."""

    def connector_name(self, job_type: str) -> str:
        """Return the name of the connector for a job type."""

    async def execute(self, run: StepRun) -> StepResult: ...


class StepHandler:
    """The queue's handler: runs an attempt and translates its outcome to the queue's errors."""

    def __init__(self, router: Steps, worker_id: str) -> None:
        self._router = router
        self._worker_id = worker_id

    async def __call__(self, context: StepContext) -> StepResult:
        trace = AttemptTrace(context.step, self._worker_id)
        try:
            result = await self._attempt(context)
        except StepFailed as failed:
            trace.fail(failed.error.code)
            raise
        except (StepStopped, asyncio.CancelledError):
            trace.fail(context.stop_reason or "stopped")
            raise
        return trace.complete(result)

    async def _attempt(self, context: StepContext) -> StepResult:
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
            log.exception("A connector raised an unexpected exception", step_id=context.step.id)
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
    """Takes steps from the queue; implemented by `darkroom_queue.Consumer`."""

    @property
    def drained_by_operator(self) -> bool: ...

    async def run(self) -> None: ...

    def drain(self, *, grace_s: float) -> None: ...


class Availability(Protocol):
    """Whether steps can run; implemented by `GpuChild` and `BackendWatch`."""

    async def available(self) -> None:
        """Wait until steps can run."""

    async def missing_for(self, seconds: float) -> None:
        """Wait until steps could not run for this long without a break."""


class AlwaysAvailable:
    """The availability of a worker whose connectors need nothing outside of this process."""

    async def available(self) -> None:
        """Return at once."""

    async def missing_for(self, seconds: float) -> None:  # noqa: ARG002 - it is never missing
        """Never return."""
        await asyncio.Event().wait()


class DeviceWithModels:
    """The availability of a GPU process and of at least one model."""

    def __init__(self, device: Availability, states: ModelStates) -> None:
        self._device, self._states = device, states

    async def available(self) -> None:
        """Wait until a model is ready and the GPU process can run steps."""
        await self._states.any_ready()
        await self._device.available()

    async def missing_for(self, seconds: float) -> None:
        """Wait until the GPU process could not run steps for this long."""
        await self._device.missing_for(seconds)


class StepLoop:
    """Takes steps while they can run and no hold is in force.

    When they could not run for `give_up_after_s`, steps in progress return to the queue.
    """

    def __init__(
        self,
        make_consumer: Callable[[], StepConsumer],
        gate: Availability,
        holds: ClaimHolds,
        *,
        give_up_after_s: float,
    ) -> None:
        self._make_consumer = make_consumer
        self._gate = gate
        self._holds = holds
        holds.call_on_hold(self.renew)
        self._give_up_after_s = give_up_after_s
        self._consumer: StepConsumer | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = asyncio.Event()

    async def run(self) -> None:
        """Take steps until cancelled; after a drain, take none."""
        while True:
            await self._gate.available()
            await self._holds.none()
            if self._draining.is_set():
                await asyncio.Event().wait()
            self._consumer = self._make_consumer()
            self._idle.clear()
            watch = asyncio.create_task(self._give_up_when_missing(self._consumer))
            try:
                await self._consumer.run()
                if self._consumer.drained_by_operator:
                    log.warning("An operator has drained this worker; it takes no more steps until a restart")
                    self._draining.set()
            except WorkerSuperseded:
                log.error(
                    "Another process registered with this worker's id; this one takes no more steps until a restart"
                )
                self._draining.set()
            finally:
                watch.cancel()
                self._consumer = None
                self._idle.set()

    async def check(self) -> None:
        """Raise while the worker takes no steps."""
        self._holds.check()
        if self._consumer is None or self._draining.is_set():
            raise RuntimeError("the worker takes no steps")

    def renew(self) -> None:
        """Let steps in progress finish; then register and claim again, unless there is a hold."""
        if self._consumer is not None:
            self._consumer.drain(grace_s=_HOLD_GRACE_S)

    async def drain(self, grace_s: float) -> None:
        """Take no more steps; wait until those in progress finish within `grace_s` seconds or return to the queue."""
        self._draining.set()
        if self._consumer is not None:
            self._consumer.drain(grace_s=grace_s)
            # Without the queue no step can be returned; its lease then expires.
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_s + _STOP_MARGIN_S):
                    await self._idle.wait()

    async def _give_up_when_missing(self, consumer: StepConsumer) -> None:
        await self._gate.missing_for(self._give_up_after_s)
        log.error(
            "What executes steps is not available; none are taken until it is", worker_waits_s=self._give_up_after_s
        )
        consumer.drain(grace_s=0)

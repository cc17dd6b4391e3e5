"""One attempt of one step: runs the handler, stops it when required, and determines the outcome.

An attempt costs one task and one timer, and more only if the handler reports progress or is stopped.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable
from contextlib import suppress

from darkroom_redis.errors import RedisUnavailable
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import WorkerId
from darkroom_schemas.step import ClaimedStep, StepError, StepResult

from darkroom_queue.record import internal_error
from darkroom_queue.worker.context import Handler, StepContext, StepFailed, StepStopped, StopReason
from darkroom_queue.worker.turn import Finish, Outcome, WorkerPort

log = logging.getLogger(__name__)
STOP_GRACE_S = 10.0
PROGRESS_EVERY_S = 1.0
MAX_RESULT_BYTES = 256_000
FIRST_RETRY_MS, LONGEST_RETRY_MS = 1000, 60_000
_RETRIES = {
    StepErrorCode.DEVICE_ERROR: Outcome.RETRY_ELSEWHERE,
    StepErrorCode.WORKER_CRASHED: Outcome.RETRY_ELSEWHERE,
    StepErrorCode.NOT_FINITE: Outcome.RETRY_ELSEWHERE,
    StepErrorCode.OUT_OF_MEMORY: Outcome.RETRY_LARGER,
}
"""Retries that avoid the worker, since its device may be the reason for the failure."""


def retry_delay_ms(attempt: int) -> int:
    """Return the backoff after `attempt` (from 1), in ms: exponential from 1 s to 60 s, with ±50 % jitter."""
    base: int = min(FIRST_RETRY_MS * 2 ** min(attempt - 1, 10), LONGEST_RETRY_MS)
    jitter: float = random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
    return round(base * jitter)


class Attempt:
    """The execution of a claimed step, from `start` until `on_end` is called with its finish.

    The handler runs for at most the step's timeout plus 10 s of grace. Then it is cancelled.
    """

    __slots__ = ("_grace", "_handler", "_on_end", "_port", "_pump", "_task", "_timer", "_worker_id", "context")

    def __init__(
        self,
        step: ClaimedStep,
        handler: Handler,
        port: WorkerPort,
        worker_id: WorkerId,
        on_end: Callable[["Attempt", Finish], None],
    ) -> None:
        self.context = StepContext(step, on_progress=self._on_progress, on_stop=self._on_stop)
        self._handler, self._port, self._worker_id, self._on_end = handler, port, worker_id, on_end
        self._task: asyncio.Task[StepResult] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._grace: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Run the handler, unless a stop has been requested already."""
        if self.context.stop_reason is not None:
            self._on_end(self, _stopped(self.context, None))
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.context.step.timeout_s, self.context.request_stop, StopReason.TIMEOUT)
        self._task = loop.create_task(self._handler(self.context))
        self._task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """Cancel the handler at once, because the worker ends."""
        if self._task is not None:
            self._task.cancel()

    def _on_stop(self) -> None:
        if self._task is not None:
            self._grace = asyncio.get_running_loop().call_later(STOP_GRACE_S, self._abandon)

    def _abandon(self) -> None:
        log.warning("A handler did not stop in time and is abandoned", extra={"step_id": self.context.step.id})
        self.cancel()

    def _ended(self, task: asyncio.Task[StepResult]) -> None:
        for timer in (self._timer, self._grace, self._pump):
            if timer is not None:
                timer.cancel()
        try:
            finish = _finish_of(self.context, task)
        except Exception as error:  # the result is not serializable; the attempt must end, to free its place
            log.exception("The result of an attempt cannot be reported", extra={"step_id": self.context.step.id})
            finish = _failed(self.context, internal_error(error))
        self._on_end(self, finish)

    def _on_progress(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._send_progress())

    async def _send_progress(self) -> None:
        """Send the latest progress while there is any, at most once a second. Progress during an outage is dropped."""
        context, step = self.context, self.context.step
        while context.latest is not None:
            (percent, message, current, total), context.latest = context.latest, None
            fields = {
                "job_id": step.job_id, "step_id": step.id, "worker_id": self._worker_id,
                "step_progress": round(percent, 2), "message": message, "current_step": current, "total_steps": total,
                "preview": context.preview.model_dump() if context.preview else None,
            }  # fmt: skip
            with suppress(RedisUnavailable):
                await self._port.progress(step.id, step.token, round(percent, 2), json.dumps(fields)[:-1])
            await asyncio.sleep(PROGRESS_EVERY_S)


def _finish_of(context: StepContext, task: asyncio.Task[StepResult]) -> Finish:
    step = context.step
    error = None if task.cancelled() else task.exception()
    if error is None and not task.cancelled():
        data = task.result().model_dump_json(exclude_none=True)
        if len(data) * 4 <= MAX_RESULT_BYTES or len(data.encode()) <= MAX_RESULT_BYTES:
            return Finish(step.id, step.token, Outcome.OK, data)
        error = StepFailed(StepError(code=StepErrorCode.INTERNAL, message="The result is too large for the queue."))
    if isinstance(error, StepFailed):
        return _failed(context, error.error)
    if error is not None and not isinstance(error, StepStopped):
        log.error("A handler failed unexpectedly", exc_info=error, extra={"step_id": step.id})
        return _failed(context, internal_error(error))
    return _stopped(context, error)


def _stopped(context: StepContext, error: BaseException | None) -> Finish:
    step = context.step
    match context.stop_reason:
        case StopReason.CANCELLED:
            return Finish(step.id, step.token, Outcome.CANCELLED)
        case StopReason.TIMEOUT:
            text = f"The step ran longer than {step.timeout_s:g} s."
            return _failed(context, StepError(code=StepErrorCode.TIMEOUT, message=text))
        case StopReason.LOST | StopReason.SHUTDOWN:
            return Finish(step.id, step.token, Outcome.RELEASE)
        case None:
            return _failed(context, internal_error(error or StepStopped()))


def _failed(context: StepContext, error: StepError) -> Finish:
    step = context.step
    outcome = _RETRIES.get(error.code, Outcome.RETRY) if error.retryable else Outcome.FAIL
    return Finish(step.id, step.token, outcome, error.model_dump_json(), retry_delay_ms(step.attempt))

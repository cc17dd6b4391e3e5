"""One attempt of one step: runs the handler, stops it when it must stop, and says how it ended."""

import asyncio
import json
import logging
import random
from contextlib import suppress

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import WorkerId
from darkroom_schemas.step import StepError, StepResult

from darkroom_queue.context import Handler, StepContext, StepFailed, StepStopped, StopReason
from darkroom_queue.errors import QueueUnavailable
from darkroom_queue.record import internal_error
from darkroom_queue.turn import Finish, Outcome, WorkerPort

log = logging.getLogger(__name__)
STOP_GRACE_S = 10.0
PROGRESS_EVERY_S = 1.0
MAX_RESULT_BYTES = 256_000
FIRST_RETRY_MS, LONGEST_RETRY_MS = 1000, 60_000


def retry_delay_ms(attempt: int) -> int:
    """Exponential backoff from 1 s to 60 s with ±50 % jitter, for the retry after `attempt` (from 1)."""
    base: int = min(FIRST_RETRY_MS * 2 ** min(attempt - 1, 10), LONGEST_RETRY_MS)
    jitter: float = random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
    return round(base * jitter)


async def run_attempt(context: StepContext, handler: Handler) -> Finish:
    """Run the handler to its end, at most the step's timeout plus 10 s of grace."""
    work = asyncio.ensure_future(handler(context))
    timer = asyncio.get_running_loop().call_later(context.step.timeout_s, context.request_stop, StopReason.TIMEOUT)
    stop = asyncio.create_task(context.stop.wait())
    try:
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await asyncio.wait({work}, timeout=STOP_GRACE_S)
        if not work.done():
            log.warning("A handler did not stop in time and is abandoned", extra={"step_id": context.step.id})
    finally:
        timer.cancel()
        stop.cancel()
        if not work.done():
            work.cancel()
            await asyncio.wait({work}, timeout=1.0)
    return _judge(context, work)


def _judge(context: StepContext, work: "asyncio.Future[StepResult]") -> Finish:
    step, reason = context.step, context.stop_reason
    error = None if not work.done() or work.cancelled() else work.exception()
    if work.done() and not work.cancelled() and error is None:
        data = work.result().model_dump_json(exclude_none=True)
        if len(data.encode()) <= MAX_RESULT_BYTES:
            return Finish(step.id, step.token, Outcome.OK, data)
        error = StepFailed(StepError(code=StepErrorCode.INTERNAL, message="The result is too large for the queue."))
    if isinstance(error, StepFailed):
        return _failed(context, error.error)
    if error is not None and not isinstance(error, StepStopped):
        log.error("A handler failed unexpectedly", exc_info=error, extra={"step_id": step.id})
        return _failed(context, internal_error(error))
    match reason:
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
    outcome = Outcome.RETRY if error.retryable else Outcome.FAIL
    return Finish(step.id, step.token, outcome, error.model_dump_json(), retry_delay_ms(step.attempt))


async def send_progress(context: StepContext, port: WorkerPort, worker_id: WorkerId) -> None:
    """Send the latest progress, at most once a second, until cancelled; progress of an outage is not kept."""
    step = context.step
    while True:
        await context.news.wait()
        context.news.clear()
        if context.latest is None:
            continue
        percent, message, current, total = context.latest
        fields = {
            "job_id": step.job_id, "step_id": step.id, "worker_id": worker_id, "progress": round(percent, 2),
            "message": message, "current_step": current, "total_steps": total,
        }  # fmt: skip
        with suppress(QueueUnavailable):
            await port.progress(step.id, step.token, round(percent, 2), json.dumps(fields)[:-1])
        await asyncio.sleep(PROGRESS_EVERY_S)

"""The producer: submits, cancels and reads steps, and appends events of the platform."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from darkroom_redis.client import Arg
from darkroom_schemas.events import Emission
from darkroom_schemas.ids import EventId, StepId
from darkroom_schemas.status import TERMINAL, JobStatus
from darkroom_schemas.step import StepError, StepSubmit, StepView, Submission

from darkroom_queue.client import QueueClient
from darkroom_queue.errors import (
    ClassShareUsed,
    QueueError,
    QueueFull,
    StepConflict,
    SubmissionExpired,
    TooManyClasses,
    UnusableStep,
)
from darkroom_queue.lua import load
from darkroom_queue.record import ended_view, live_view, queued_view, submission, submit_args

_SUBMIT, _CANCEL, _FAIL = load("submit"), load("cancel"), load("fail")
_READ, _EMIT = load("read"), load("emit")
ACKNOWLEDGED_TTL_S = 3600
MAX_BATCH = 32
"""Maximum number of steps per script call. Small, so that the queue processes a batch while the next is written."""


class CancelOutcome(StrEnum):
    """Result of a cancellation: the step was cancelled, was asked to stop, had ended, or is unknown."""

    CANCELLED = "cancelled"
    REQUESTED = "requested"
    FINISHED = "finished"
    UNKNOWN = "unknown"


class Submitted:
    """Result of a submission. `created` is False if the same step had been submitted before."""

    __slots__ = ("_view", "created")

    def __init__(self, view: StepView | tuple[StepSubmit, int], *, created: bool) -> None:
        self._view, self.created = view, created

    @property
    def view(self) -> StepView:
        """The state of the step. Built on demand, since most callers do not use it."""
        if isinstance(self._view, tuple):
            self._view = queued_view(*self._view)
        return self._view


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """Numbers of steps by state, and of waiting and running ones by type."""

    queued: int
    delayed: int
    running: int
    queued_by_type: dict[str, int]
    running_by_type: dict[str, int]
    ended: dict[JobStatus, int]
    """Ended steps since the data began; a dead letter that was requeued no longer counts as failed."""

    @property
    def by_type(self) -> dict[str, int]:
        """Waiting plus running steps by type."""
        names = self.queued_by_type.keys() | self.running_by_type.keys()
        return {name: self.queued_by_type.get(name, 0) + self.running_by_type.get(name, 0) for name in names}


_Pending = tuple[StepSubmit, Sequence[Arg], "asyncio.Future[Submitted | QueueError]"]

_Answers = Coroutine[Any, Any, list["Submitted | QueueError"]]


class Producer:
    """Submits steps to one shard. Every method may be repeated after `RedisUnavailable`."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client
        self._pending: defaultdict[int, list[_Pending]] = defaultdict(list)
        self._sending: set[asyncio.Task[None]] = set()

    async def submit(self, step: StepSubmit, *, max_depth: int = 0) -> Submitted:
        """Submit a step. Raises a `QueueError` if it is refused; `max_depth` 0 means no limit.

        Calls in the same iteration of the event loop share one script call.
        """
        loop = asyncio.get_running_loop()
        args, future = submit_args(step), loop.create_future()
        if not self._pending:
            loop.call_soon(self._flush)
        pending = self._pending[max_depth]
        pending.append((step, args, future))
        if len(pending) == MAX_BATCH:
            self._send_pending(self._pending.pop(max_depth), max_depth)
        answer: Submitted | QueueError = await future
        if isinstance(answer, QueueError):
            raise answer
        return answer

    def _flush(self) -> None:
        pending, self._pending = self._pending, defaultdict(list)
        for max_depth, batch in pending.items():
            self._send_pending(batch, max_depth)

    def _send_pending(self, batch: Sequence[_Pending], max_depth: int) -> None:
        steps, args, futures = zip(*batch, strict=True)
        try:
            answers = self._send(steps, args, max_depth)
        except Exception as error:  # noqa: BLE001 - raised to the callers
            _fail(futures, error)
            return
        task = asyncio.create_task(_share(answers, futures))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def submit_many(self, steps: Sequence[StepSubmit], *, max_depth: int = 0) -> list[Submitted | QueueError]:
        """Submit any number of steps, up to 32 per script call. Returns one result per step, in order."""
        starts = range(0, len(steps), MAX_BATCH)
        sent = [self._send_usable(steps[start : start + MAX_BATCH], max_depth) for start in starts]
        return [answer for answers in await asyncio.gather(*sent) for answer in answers]

    def _send_usable(self, steps: Sequence[StepSubmit], max_depth: int) -> _Answers:
        """Send the valid steps; an invalid one does not fail the others."""
        written = [_written(step) for step in steps]
        args = [one for one in written if not isinstance(one, UnusableStep)]
        if len(args) == len(written):
            return self._send(steps, args, max_depth)
        usable = [step for step, one in zip(steps, written, strict=True) if not isinstance(one, UnusableStep)]
        return _fill_in(written, self._send(usable, args, max_depth) if usable else None)

    def _send(self, steps: Sequence[StepSubmit], args: Sequence[Sequence[Arg]], max_depth: int) -> _Answers:
        """Write the script call, at once if there is a connection. Awaiting the result waits for the reply."""
        flat: list[Arg] = [max_depth, len(steps)]
        for fields in args:
            flat += fields
        return self._read_answers(steps, self._client.run(_SUBMIT, *flat))

    async def _read_answers(
        self, steps: Sequence[StepSubmit], reply: Awaitable[list[int]]
    ) -> list[Submitted | QueueError]:
        now_ms, *codes = await reply
        return [await self._answer(step, code, now_ms) for step, code in zip(steps, codes, strict=True)]

    async def _answer(self, step: StepSubmit, code: int, now_ms: int) -> Submitted | QueueError:
        match code:
            case 1:
                return Submitted((step, now_ms), created=True)
            case 0:
                return Submitted(await self.read(step.id) or (step, now_ms), created=False)
            case -1:
                return StepConflict(f"{step.id} belongs to a step with another body")
            case -2:
                return SubmissionExpired(f"{step.id} arrived after its not_after_ms {step.not_after_ms}")
            case -3:
                return QueueFull("the queue has reached its depth limit")
            case -6:
                return UnusableStep("created_us: all numbers of a step must be in range")
            case -5:
                return ClassShareUsed("the tenant uses as many different requirements as one tenant may")
            case _:
                return TooManyClasses("the queue has no room for one more kind of requirements")

    async def cancel(self, step_id: StepId, *, reason: str) -> CancelOutcome:
        """Cancel a waiting step, or ask a running one to stop. After 10 s a running step is cancelled by force."""
        return CancelOutcome(await self._client.run(_CANCEL, step_id, reason))

    async def fail_waiting(self, step_id: StepId, error: StepError) -> bool:
        """Fail a step that is queued or delayed; False if it runs, has ended or is unknown."""
        return bool(await self._client.run(_FAIL, step_id, error.model_dump_json()))

    async def read(self, step_id: StepId) -> StepView | None:
        """Return the state of a step; None if it is unknown or its tombstone has expired."""
        [view] = await self.read_many([step_id])
        return view

    async def read_many(self, step_ids: Sequence[StepId]) -> list[StepView | None]:
        """Return the states of the steps, in order, by one script call. Pass at most some hundred."""
        answers: list[list[str]] = await self._client.run(_READ, *step_ids) if step_ids else []
        return [_view(step_id, answer) for step_id, answer in zip(step_ids, answers, strict=True)]

    async def submission(self, step_id: StepId) -> Submission | None:
        """Return the submission of a step; None if it is unknown, completed, cancelled or purged."""
        keys, run = self._client.keys, self._client.command
        record = await run("HGET", keys.steps, step_id) or await run("GET", keys.dead_letter(step_id))
        return None if record is None else submission(record)

    async def acknowledge_ends(self, step_ids: Sequence[StepId]) -> None:
        """Shorten the life of the steps' tombstones to an hour. The caller has stored their results.

        An hour is longer than a submission or a finish may be repeated. Unknown steps are ignored.
        """
        async with self._client.redis_py.pipeline(transaction=False) as pipe:
            for step_id in step_ids:
                pipe.expire(self._client.keys.tombstone(step_id), ACKNOWLEDGED_TTL_S, lt=True)
            await self._client.guard(pipe.execute())

    async def depth(self) -> QueueDepth:
        """Return the counters. Costs one command, regardless of the depth."""
        stored: dict[str, str] = await self._client.guard(self._client.redis_py.hgetall(self._client.keys.counters))
        counts = {name: max(0, int(value)) for name, value in stored.items()}
        return QueueDepth(
            queued=counts.get("queued", 0),
            delayed=counts.get("delayed", 0),
            running=counts.get("running", 0),
            queued_by_type={k[2:]: v for k, v in counts.items() if k.startswith("q:") and v},
            running_by_type={k[2:]: v for k, v in counts.items() if k.startswith("r:") and v},
            ended={status: counts.get(status, 0) for status in sorted(TERMINAL)},
        )

    async def emit(self, emissions: Sequence[Emission]) -> list[EventId]:
        """Append events in order and return their ids. An outbox id that was appended before returns its first id."""
        args: list[Arg] = []
        for event in emissions:
            trace = {"trace_id": event.trace_id, "traceparent": event.traceparent}
            data = event.data | {name: value for name, value in trace.items() if value}
            args += [event.outbox_id, event.type, event.job_id, event.tenant, _json(data)]
        ids: list[str] = await self._client.run(_EMIT, *args) if args else []
        return [EventId.parse(f"{self._client.shard}-{text}") for text in ids]


def _view(step_id: StepId, answer: list[str]) -> StepView | None:
    if not answer:
        return None
    kind, *rest = answer
    return ended_view(step_id, rest[0]) if kind == "stone" else live_view(step_id, rest)


def _written(step: StepSubmit) -> Sequence[Arg] | UnusableStep:
    try:
        return submit_args(step)
    except UnusableStep as error:
        return error


async def _share(answers: _Answers, futures: "Sequence[asyncio.Future[Submitted | QueueError]]") -> None:
    """Set the result of every caller of a batch, or the exception of the call."""
    try:
        for future, answer in zip(futures, await answers, strict=True):
            if not future.done():
                future.set_result(answer)
    except Exception as error:  # noqa: BLE001 - raised to the callers
        _fail(futures, error)


def _fail(futures: "Sequence[asyncio.Future[Submitted | QueueError]]", error: Exception) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(error)


async def _fill_in(
    written: Sequence[Sequence[Arg] | UnusableStep], sent: _Answers | None
) -> list[Submitted | QueueError]:
    """Merge the results of the steps that were sent with the errors of invalid ones, in order."""
    answers = iter(await sent if sent is not None else ())
    return [one if isinstance(one, UnusableStep) else next(answers) for one in written]


def _json(data: object) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)

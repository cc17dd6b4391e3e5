"""Typed stub of the turn script: the only call by which a worker changes the queue."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from darkroom_redis.client import Arg
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import StepId
from darkroom_schemas.step import ClaimedStep, StepError
from darkroom_schemas.worker import WorkerInfo

from darkroom_queue.client import QueueClient
from darkroom_queue.errors import TooManyClasses, WorkerSuperseded
from darkroom_queue.lua import load
from darkroom_queue.record import canonical, claimed

log = logging.getLogger(__name__)
_TURN, _REGISTER, _UNREGISTER, _PROGRESS = load("turn"), load("register"), load("unregister"), load("progress")
_UNREADABLE = StepError(
    code=StepErrorCode.INTERNAL, message="The step's record in the queue cannot be read.", retryable=False
)


class Outcome(StrEnum):
    """How an attempt ended, as the worker reports it."""

    OK = "ok"
    FAIL = "fail"
    RETRY = "retry"
    CANCELLED = "cancelled"
    RELEASE = "release"
    """Not run to an end through no fault of the step: it goes back without costing an attempt."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Report of one attempt; `data` is the JSON of a StepResult (ok) or StepError (fail, retry).

    `repeated`: it was sent before, and whether the queue took it is not known.
    """

    step_id: StepId
    token: str
    outcome: Outcome
    data: str = "{}"
    delay_ms: int = 0
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Answer to a turn. `refused` are finishes whose token was stale; `next_due_s` is None if nothing is delayed."""

    registered: bool
    refused: tuple[Finish, ...]
    cancelled: tuple[StepId, ...]
    lost: tuple[StepId, ...]
    claims: tuple[ClaimedStep, ...]
    unreadable: tuple[Finish, ...]
    """What to report for steps that were claimed and whose records cannot be read: they fail."""
    next_due_s: float | None


class WorkerPort:
    """The calls of one worker process, numbered so that tokens never repeat within its incarnation."""

    def __init__(self, client: QueueClient, info: WorkerInfo, *, lease_s: float) -> None:
        self._client, self._info, self._lease_ms = client, info, round(lease_s * 1000)
        self._turns = 0

    async def register(self) -> str:
        """Register, taking over from an older process of this worker; returns the capability set."""
        info = self._info
        status, answer = await self._client.run(
            _REGISTER, info.worker_id, info.incarnation, canonical(info.capabilities), info.model_dump_json(),
            info.machine_id,
        )  # fmt: skip
        if status == -1:
            raise TooManyClasses(f"the queue keeps at most {answer} different capability sets")
        return str(answer)

    async def unregister(self) -> None:
        """Leave; what is still held goes back to the queue."""
        await self._client.run(_UNREGISTER, self._info.worker_id, self._info.incarnation)

    async def turn(
        self,
        *,
        want: int,
        finishes: Sequence[Finish] = (),
        beats: Sequence[tuple[StepId, str]] | None = None,
        resident: Iterable[str] = (),
    ) -> Turn:
        """Report, beat (unless `beats` is None), and claim up to `want` steps, preferably for `resident` models."""
        self._turns += 1
        args: list[Arg] = [self._info.worker_id, self._info.incarnation, self._turns, self._lease_ms, max(0, want)]
        args += [len(finishes), -1 if beats is None else len(beats), "\t".join(resident)]
        for f in finishes:
            args += [f.step_id, f.token, f.outcome, f.data, f.delay_ms]
        for step_id, token in beats or ():
            args += [step_id, token]
        status, codes, cancelled, lost, token, claims, due_ms = await self._client.run(_TURN, *args)
        if status == -1:
            raise WorkerSuperseded(f"another process has registered as {self._info.worker_id}")
        claimed_steps, unreadable = _claims(claims, token)
        return Turn(
            registered=status == 1,
            refused=tuple(f for f, code in zip(finishes, codes, strict=False) if code == 0),
            cancelled=tuple(map(StepId, cancelled)),
            lost=tuple(map(StepId, lost)),
            claims=claimed_steps,
            unreadable=unreadable,
            next_due_s=None if due_ms < 0 else due_ms / 1000,
        )

    async def progress(self, step_id: StepId, token: str, percent: float, message: str) -> bool:
        """Store and publish progress; `message` is the JSON of a ProgressMessage without `progress` and its end.

        False if the token is stale.
        """
        return bool(await self._client.run(_PROGRESS, step_id, token, percent, message))


def _claims(
    flat: Sequence[Any], token: str
) -> tuple[tuple[ClaimedStep, ...], tuple[Finish, ...]]:  # Any: ids and records, and numbers of attempts
    """Read claims of four values each; new ones share the turn's token, those that come again have their own."""
    claims: list[ClaimedStep] = []
    unreadable: list[Finish] = []
    for step_id, own, attempt, record in zip(*[iter(flat)] * 4, strict=True):
        try:
            claims.append(claimed(step_id, own or token, attempt, record))
        except ValueError as error:  # whose text may repeat what the record holds
            log.error("The record of step %s cannot be read (%s); the step fails", step_id, type(error).__name__)
            unreadable.append(Finish(StepId(step_id), own or token, Outcome.FAIL, _UNREADABLE.model_dump_json()))
    return tuple(claims), tuple(unreadable)

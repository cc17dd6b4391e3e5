"""Typed stub of the turn script, by which a worker reports, sends heartbeats and claims."""

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
    """The outcome of an attempt, as the worker reports it."""

    OK = "ok"
    FAIL = "fail"
    RETRY = "retry"
    RETRY_ELSEWHERE = "elsewhere"
    """A retry. For two minutes this worker does not get the step while another live worker can run it."""
    RETRY_LARGER = "larger"
    """As `RETRY_ELSEWHERE`; if a live worker has more GPU memory, only such workers get the step."""
    CANCELLED = "cancelled"
    RELEASE = "release"
    """The step did not end for a reason outside it. It is requeued without using an attempt."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Report of one attempt. `data` is the JSON of a StepResult (ok) or StepError (fail and the retries).

    `repeated`: it was sent before, and it is unknown whether the queue has accepted it.
    """

    step_id: StepId
    token: str
    outcome: Outcome
    data: str = "{}"
    delay_ms: int = 0
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Result of a turn. `refused` are finishes with a stale token; `next_due_s` is None if no step is delayed."""

    registered: bool
    refused: tuple[Finish, ...]
    cancelled: tuple[StepId, ...]
    lost: tuple[StepId, ...]
    claims: tuple[ClaimedStep, ...]
    unreadable: tuple[Finish, ...]
    """Finishes to report for claimed steps with unreadable records, which fail."""
    next_due_s: float | None


class WorkerPort:
    """The script calls of one worker process. Turns are numbered, so tokens are unique within an incarnation."""

    def __init__(self, client: QueueClient, info: WorkerInfo, *, lease_s: float) -> None:
        self._client, self._info, self._lease_ms = client, info, round(lease_s * 1000)
        self._turns = 0

    async def register(self) -> str:
        """Register this process, which supersedes an older one of the worker. Returns the number of the capability set.

        Raises `TooManyClasses` when the shard's limit of capability sets is reached.
        """
        info = self._info
        status, answer = await self._client.run(
            _REGISTER, info.worker_id, info.incarnation, canonical(info.capabilities), info.model_dump_json(),
            info.machine_id,
        )  # fmt: skip
        if status == -1:
            raise TooManyClasses(f"the queue stores at most {answer} different capability sets")
        return str(answer)

    async def unregister(self) -> None:
        """Leave the registry. Steps that the worker still holds are requeued."""
        await self._client.run(_UNREGISTER, self._info.worker_id, self._info.incarnation)

    async def turn(
        self,
        *,
        want: int,
        finishes: Sequence[Finish] = (),
        heartbeats: Sequence[tuple[StepId, str]] | None = None,
        resident: Iterable[str] = (),
    ) -> Turn:
        """Report finishes, extend the leases in `heartbeats`, and claim up to `want` steps, `resident` models first.

        `heartbeats` lists all steps that the worker holds, with their tokens; None sends no heartbeat. Raises
        `WorkerSuperseded`.
        """
        self._turns += 1
        args: list[Arg] = [self._info.worker_id, self._info.incarnation, self._turns, self._lease_ms, max(0, want)]
        args += [len(finishes), -1 if heartbeats is None else len(heartbeats), "\t".join(resident)]
        for f in finishes:
            args += [f.step_id, f.token, f.outcome, f.data, f.delay_ms]
        for step_id, token in heartbeats or ():
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
        """Store and publish progress; False if the token is stale.

        `message` is the JSON of a ProgressMessage without `progress` and without the closing brace.
        """
        return bool(await self._client.run(_PROGRESS, step_id, token, percent, message))


def _claims(
    flat: Sequence[Any], token: str
) -> tuple[tuple[ClaimedStep, ...], tuple[Finish, ...]]:  # Any: ids and records, and numbers of attempts
    """Parse claims of four values each. New claims share the turn's token; repeated ones have their own."""
    claims: list[ClaimedStep] = []
    unreadable: list[Finish] = []
    for step_id, own, attempt, record in zip(*[iter(flat)] * 4, strict=True):
        try:
            claims.append(claimed(step_id, own or token, attempt, record))
        except ValueError as error:  # its text may quote the record
            log.error("The record of step %s cannot be read (%s); the step fails", step_id, type(error).__name__)
            unreadable.append(Finish(StepId(step_id), own or token, Outcome.FAIL, _UNREADABLE.model_dump_json()))
    return tuple(claims), tuple(unreadable)

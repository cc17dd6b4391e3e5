"""What any sequence of calls must give: the queue in pure Python, without a server, a clock or a deadline.

It has no clock: its caller says which leases and delays are over. An attempt takes no time here: start
tags are right up to the real run times, which stay far below `TOLERANCE_MS`, as that does below the costs in use.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from darkroom_schemas.status import TERMINAL, JobStatus
from darkroom_schemas.step import Redelivery, StepSubmit
from darkroom_schemas.worker import Capabilities, Requirements

TOLERANCE_MS = 10_000_000


def fits(need: Requirements, can: Capabilities) -> bool:
    return need.type in can.types and set(need.models) <= set(can.models) and need.vram_gb <= can.vram_gb


@dataclass
class Step:
    """A step and where it stands."""

    spec: StepSubmit
    status: JobStatus
    attempt: int = 0
    worker: str = ""
    token: str = ""
    cancel_asked: bool = False
    pool: Capabilities | None = None
    ends: int = 0
    avoids: str = ""
    """The worker where an attempt failed for a reason that may be its device's."""
    exceed_gb: int | None = None
    """The GPU memory that this attempt found too small."""
    priority: int = field(init=False)

    def __post_init__(self) -> None:
        self.priority = self.spec.priority

    @property
    def score(self) -> int:
        return self.spec.created_us - 60_000_000 * self.priority


@dataclass
class Pool:
    """Fair shares among the tenants that one set of capabilities serves."""

    virtual: float = 0.0
    start: dict[str, float] = field(default_factory=dict)
    finish: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    debt: dict[str, float] = field(default_factory=lambda: defaultdict(float))


class Oracle:
    """Every method is one thing that happens to the queue."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}
        self.pools: dict[Capabilities, Pool] = {}
        self.live: dict[str, Capabilities] = {}

    def submit(self, spec: StepSubmit) -> bool:
        """Tell whether it is new."""
        if spec.id in self.steps:
            return False
        delayed = spec.not_before_ms is not None
        self.steps[spec.id] = Step(spec, JobStatus.DELAYED if delayed else JobStatus.QUEUED)
        self._activate()
        return True

    def join(self, worker: str, can: Capabilities) -> None:
        """A worker with these capabilities registers."""
        self.live[worker] = can
        self.pools.setdefault(can, Pool())
        self._activate()

    def leave(self, worker: str) -> None:
        """A worker ends."""
        del self.live[worker]

    def claimable(self, worker: str, can: Capabilities) -> set[str]:
        """Return the steps that may be claimed next; more than one only where start tags or scores are equal."""
        pool, allowed = self.pools[can], set()
        offered = {
            tenant: [step for step in steps if not self._avoids(step, worker)]
            for tenant, steps in self._waiting(can).items()
        }
        waiting = {tenant: steps for tenant, steps in offered.items() if steps}
        first = min((pool.start[tenant] for tenant in waiting), default=0.0)
        for tenant, steps in waiting.items():
            if pool.start[tenant] <= first + TOLERANCE_MS:
                head = min(step.score for step in steps)
                allowed |= {str(step.spec.id) for step in steps if step.score == head}
        return allowed

    def claim(self, step_id: str, worker: str, token: str, can: Capabilities) -> None:
        step, pool = self.steps[step_id], self.pools[can]
        tenant, start = step.spec.tenant, pool.start[step.spec.tenant]
        cost = max(1.0, step.spec.expected_ms + pool.debt.pop(tenant, 0.0))
        # Of the lowest tenant, even if all its steps avoid this worker.
        pool.virtual = max(pool.virtual, min(pool.start[waits] for waits in self._waiting(can)))
        pool.start[tenant] = pool.finish[tenant] = start + cost / step.spec.weight
        step.status, step.worker, step.token, step.pool = JobStatus.RUNNING, worker, token, can
        step.attempt += 1
        self._activate()

    def finish(self, step_id: str, token: str, outcome: str, *, delayed: bool = False) -> bool:
        """Tell whether the report is taken; a repeated one of the attempt that ended the step is."""
        step = self.steps[step_id]
        if step.status is not JobStatus.RUNNING or step.token != token:
            return step.status in TERMINAL and step.token == token
        if outcome == "release":
            if step.cancel_asked:
                self._end(step, JobStatus.CANCELLED)
            else:
                step.attempt -= 1
                self._put_back(step, delayed=False)
            return True
        self._settle(step)
        if outcome == "ok":
            self._end(step, JobStatus.COMPLETED)
        elif step.cancel_asked or outcome == "cancelled":
            self._end(step, JobStatus.CANCELLED)
        elif outcome in {"retry", "elsewhere", "larger"} and step.attempt < step.spec.max_attempts:
            if outcome != "retry":
                assert step.pool is not None
                step.avoids, step.exceed_gb = step.worker, step.pool.vram_gb if outcome == "larger" else None
            self._put_back(step, delayed=delayed)
        else:
            self._end(step, JobStatus.FAILED)
        return True

    def expire(self, step_id: str) -> None:
        """The lease ran out."""
        step = self.steps[step_id]
        outcome = "fail" if step.spec.redelivery is Redelivery.NEVER else "retry"
        self.finish(step_id, step.token, outcome)
        step.token = ""

    def cancel(self, step_id: str) -> str:
        step = self.steps[step_id]
        if step.status in TERMINAL:
            return "finished"
        if step.status is JobStatus.RUNNING:
            step.cancel_asked = True
            return "requested"
        self._end(step, JobStatus.CANCELLED)
        return "cancelled"

    def prioritize(self, step_id: str, priority: int) -> str:
        step = self.steps[step_id]
        if step.status in TERMINAL:
            return "finished"
        if step.status is JobStatus.RUNNING:
            return "running"
        step.priority = priority
        return "changed"

    def force_cancel(self, step_id: str) -> None:
        """The worker was asked to stop, and did not in time."""
        step = self.steps[step_id]
        if step.status is JobStatus.RUNNING and step.cancel_asked:
            self.finish(step_id, step.token, "cancelled")
            step.token = ""

    def promote(self, step_id: str) -> None:
        """A delay is over."""
        self.steps[step_id].status = JobStatus.QUEUED
        self._activate()

    def held(self, worker: str) -> list[Step]:
        return [s for s in self.steps.values() if s.status is JobStatus.RUNNING and s.worker == worker]

    def counts(self) -> Counter[JobStatus]:
        return Counter(step.status for step in self.steps.values())

    def forget_avoidance(self, step_id: str) -> None:
        """The time of avoiding a worker is over."""
        self.steps[step_id].avoids = ""

    def _avoids(self, step: Step, worker: str) -> bool:
        able = {name: can for name, can in self.live.items() if fits(step.spec.requirements, can)}
        if not step.avoids or not set(able) - {step.avoids}:
            return False
        if step.exceed_gb is not None and any(can.vram_gb > step.exceed_gb for can in able.values()):
            return self.live[worker].vram_gb <= step.exceed_gb
        return worker == step.avoids

    def _waiting(self, can: Capabilities) -> dict[str, list[Step]]:
        waiting: dict[str, list[Step]] = defaultdict(list)
        for step in self.steps.values():
            if step.status is JobStatus.QUEUED and fits(step.spec.requirements, can):
                waiting[step.spec.tenant].append(step)
        return waiting

    def _activate(self) -> None:
        """Keep each pool's ring: tenants with work are in it, and one that enters starts at the later of F and V."""
        for can, pool in self.pools.items():
            waiting = self._waiting(can)
            came = {t: max(pool.finish[t], pool.virtual) for t in waiting if t not in pool.start}
            pool.start = {t: start for t, start in pool.start.items() if t in waiting} | came

    def _settle(self, step: Step) -> None:
        assert step.pool is not None
        self.pools[step.pool].debt[step.spec.tenant] -= step.spec.expected_ms

    def _put_back(self, step: Step, *, delayed: bool) -> None:
        step.status = JobStatus.DELAYED if delayed else JobStatus.QUEUED
        step.worker = step.token = ""
        self._activate()

    def _end(self, step: Step, status: JobStatus) -> None:
        step.status, step.ends = status, step.ends + 1
        self._activate()

"""Simulates a pool of workers, second by second: cold starts, fair queueing, and the rules of the autoscaler."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from arrivals import Step

EVALUATE_S = 15
"""As `pollingInterval` in deploy/kubernetes/components/autoscaling/pools.yaml; so are the next three."""
QUIET_S = 600
REMOVE_EVERY_S = 120


@dataclass(frozen=True, slots=True)
class Load:
    """What the autoscaler sees: numbers of steps, and the service times that were measured."""

    waiting: int
    running: int
    median_s: float
    slow_s: float


Policy = Callable[[Load], float]
"""Returns the number of workers that the load calls for; it is rounded up."""


@dataclass
class Outcome:
    """What a run cost. Waits are in seconds by tenant."""

    waits_s: dict[str, list[float]] = field(default_factory=dict)
    worker_s: int = 0
    """Seconds that workers existed, their starts included."""
    starts: int = 0
    most: int = 0


@dataclass(slots=True)
class _Worker:
    ready_at_s: int
    free_at_s: float
    leaves: bool = False


class Fleet:
    """One pool."""

    def __init__(self, policy: Policy, *, cold_start_s: int, most: int, median_s: float, slow_s: float) -> None:
        self._policy, self._cold_start_s, self._most = policy, cold_start_s, most
        self._times = (median_s, slow_s)
        self._workers: list[_Worker] = []
        self._queues: dict[str, deque[Step]] = {}
        self._wanted: deque[tuple[int, int]] = deque()
        self._removed_at_s = -REMOVE_EVERY_S
        self.outcome = Outcome()

    def run(self, length_s: int, steps: Sequence[Step]) -> Outcome:
        """Simulate the steps, and go on until all have ended and no worker is left or the time is over twice."""
        coming = deque(steps)
        for now_s in range(2 * length_s):
            while coming and coming[0].at_s <= now_s:
                step = coming.popleft()
                self._queues.setdefault(step.tenant, deque()).append(step)
            self._start_steps(now_s)
            if now_s % EVALUATE_S == 0:
                self._scale(now_s)
            self._workers = [one for one in self._workers if not (one.leaves and one.free_at_s <= now_s)]
            self.outcome.worker_s += len(self._workers)
            self.outcome.most = max(self.outcome.most, len(self._workers))
            if now_s >= length_s and not coming and not self._workers and not self._waiting:
                break
        return self.outcome

    @property
    def _waiting(self) -> int:
        return sum(map(len, self._queues.values()))

    def _start_steps(self, now_s: int) -> None:
        """Give each idle worker the first step of the tenant whose turn it is."""
        for worker in self._workers:
            if worker.leaves or worker.ready_at_s > now_s or worker.free_at_s > now_s:
                continue
            tenant = next((name for name, queue in self._queues.items() if queue), None)
            if tenant is None:
                return
            queue = self._queues.pop(tenant)
            step = queue.popleft()
            self._queues[tenant] = queue  # to the end: its next turn is after all others'
            self.outcome.waits_s.setdefault(tenant, []).append(now_s - step.at_s)
            worker.free_at_s = now_s + step.service_s

    def _scale(self, now_s: int) -> None:
        staying = [one for one in self._workers if not one.leaves]
        running = sum(one.free_at_s > now_s for one in staying)
        wanted = min(self._most, math.ceil(self._policy(Load(self._waiting, running, *self._times)) - 1e-9))
        self._wanted.append((now_s, wanted))
        while self._wanted[0][0] <= now_s - QUIET_S:
            self._wanted.popleft()
        for _ in range(wanted - len(staying)):
            ready_at_s = now_s + self._cold_start_s
            self._workers.append(_Worker(ready_at_s, ready_at_s))
            self.outcome.starts += 1
        if len(staying) > max(number for _, number in self._wanted) and now_s - self._removed_at_s >= REMOVE_EVERY_S:
            # The autoscaler does not know who works. A worker that is chosen finishes its step, and leaves.
            staying[now_s // EVALUATE_S % len(staying)].leaves = True
            self._removed_at_s = now_s

"""Drives the real queue and the oracle with the same calls, and compares after each one.

Time is moved by rewriting the scores of the deadline sets; leases are so long that nothing ends by itself.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

import pytest
from darkroom_queue import Control, EventLog, Producer, QueueClient, StepConflict, Sweeper, WorkerSuperseded
from darkroom_queue.worker.turn import Finish, Outcome, Turn, WorkerPort
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.events import STEP_TERMINAL, EventType
from darkroom_schemas.ids import JobId, StepId, TenantId
from darkroom_schemas.status import TERMINAL, JobStatus
from darkroom_schemas.step import Redelivery, StepError, StepView
from darkroom_schemas.worker import Capabilities, Requirements
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.class_clock import pass_an_hour
from support.steps import make_step, make_worker

from .oracle import Oracle, Step

T = TypeVar("T")
LEASE_S = 7200.0
IN_AN_HOUR_MS = 3_600_000
FAR_FUTURE_MS = 9_999_999_999_999
COST_MS = 1_000_000_000
NEEDS = (
    Requirements(type="image"), Requirements(type="video", vram_gb=24), Requirements(type="image", models=("m",)),
)  # fmt: skip
ABLE = (
    Capabilities(types=("image",)),
    Capabilities(types=("image", "video"), models=("m",), vram_gb=24),
    Capabilities(types=("video",), vram_gb=80),
)
TENANTS = tuple(map(TenantId, "abc"))
ERROR = StepError(code=StepErrorCode.BACKEND, message="broke", retryable=True).model_dump_json()
STEP_KEYS = frozenset({"s", "l", "q", "tn", "rc", "r", "h", "lz", "dl", "cz", "av"})
"""Kinds of keys that must not outlive the last step."""
CLASS_KEYS = frozenset({"cls", "clr", "cld", "cm", "cb", "ct", "cr", "cu", "m", "mc", "uw"})
"""Kinds of keys that must not outlive the last step by hours."""


class QueueMachine(RuleBasedStateMachine):
    """Rules are calls; the invariants compare the queue to the oracle."""

    def __init__(self, runner: asyncio.Runner, link: QueueClient) -> None:
        super().__init__()
        self.runner, self.link = runner, link
        self.producer, self.sweeper = Producer(link), Sweeper(link, lease_s=LEASE_S)
        self.control = Control(link)
        self.oracle = Oracle()
        self.workers: dict[str, tuple[WorkerPort, Capabilities]] = {}
        self.replaced: list[WorkerPort] = []
        self.issued: list[tuple[StepId, str]] = []
        self.overdue: dict[str, str] = {}
        self.out_of_patience: set[str] = set()
        self.due: set[str] = set()

    def wait(self, call: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(call)

    @initialize()
    def begin(self) -> None:
        self.wait(self._flush())
        for number, can in enumerate(ABLE[:2]):
            self._register(f"w{number}", can)

    async def _flush(self) -> None:
        await self.link.redis_py.flushall()

    @rule(
        need=st.sampled_from(NEEDS), tenant=st.sampled_from(TENANTS), priority=st.integers(1, 3),
        age=st.integers(0, 5), cost=st.integers(1, 3), weight=st.sampled_from([0.5, 1.0, 2.0]),
        attempts=st.integers(1, 3), never=st.booleans(), later=st.integers(0, 5),
    )  # fmt: skip
    def submit(
        self, need: Requirements, tenant: TenantId, priority: int, age: int, cost: int, weight: float, attempts: int,
        never: bool, later: int,
    ) -> None:  # fmt: skip
        name = f"s{len(self.oracle.steps):02d}"
        spec = make_step(
            id=StepId(name), job_id=JobId(name), tenant=tenant, requirements=need, priority=priority, weight=weight,
            created_us=age * 60_000_000, expected_ms=cost * COST_MS, max_attempts=attempts,
            redelivery=Redelivery.NEVER if never else Redelivery.RERUN,
            not_before_ms=FAR_FUTURE_MS if later == 0 else None,
        )  # fmt: skip
        assert self.wait(self.producer.submit(spec)).created == self.oracle.submit(spec)

    @precondition(lambda self: self.oracle.steps)
    @rule(data=st.data(), altered=st.booleans())
    def submit_again(self, data: st.DataObject, altered: bool) -> None:
        spec = data.draw(st.sampled_from(list(self.oracle.steps.values()))).spec
        if altered:
            with pytest.raises(StepConflict):
                self.wait(self.producer.submit(spec.model_copy(update={"payload": {"n": 2}})))
        else:
            assert not self.wait(self.producer.submit(spec)).created

    @rule(name=st.sampled_from(["w0", "w1", "w2"]), can=st.sampled_from(ABLE))
    def start_worker(self, name: str, can: Capabilities) -> None:
        self._register(name, can)

    def _register(self, name: str, can: Capabilities) -> None:
        if name in self.workers:
            self.replaced.append(self.workers[name][0])
            for step in self.oracle.held(name):
                self.oracle.expire(step.spec.id)
        port = WorkerPort(self.link, make_worker(name, capabilities=can), lease_s=LEASE_S)
        self.wait(port.register())
        self.workers[name] = port, can
        self.oracle.join(name, can)

    @precondition(lambda self: len(self.workers) > 1)
    @rule(data=st.data())
    def stop_worker(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.workers)))
        for step in self.oracle.held(name):
            self.oracle.finish(step.spec.id, step.token, "release")
        port, _ = self.workers.pop(name)
        self.oracle.leave(name)
        self.wait(port.unregister())
        assert not self.wait(port.turn(want=1)).registered

    @precondition(lambda self: self.replaced)
    @rule(data=st.data())
    def replaced_process_speaks(self, data: st.DataObject) -> None:
        port = data.draw(st.sampled_from(self.replaced))
        finishes = [Finish(step, token, Outcome.OK, "{}") for step, token in self.issued[-2:]]
        try:
            turn = self.wait(port.turn(want=3, finishes=finishes))
        except WorkerSuperseded:
            return
        assert not turn.registered

    @rule(
        data=st.data(), want=st.integers(0, 3), heartbeats=st.booleans(), outcome=st.sampled_from(Outcome),
        delayed=st.booleans(),
    )  # fmt: skip
    def turn(self, data: st.DataObject, want: int, heartbeats: bool, outcome: Outcome, delayed: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.workers)))
        reports = data.draw(st.lists(st.sampled_from(self.issued), max_size=2)) if self.issued else []
        held = [(StepId(s.spec.id), s.token) for s in self.oracle.held(name)]
        others = [*held, *self.issued[-3:]]
        reported = data.draw(st.lists(st.sampled_from(others), unique_by=lambda pair: pair[0])) if others else []
        self._take_turn(name, want, reports, outcome, reported if heartbeats else None, delayed=delayed)

    def _take_turn(
        self, name: str, want: int, reports: Iterable[tuple[StepId, str]], outcome: Outcome,
        heartbeats: list[tuple[StepId, str]] | None, *, delayed: bool = False,
    ) -> None:  # fmt: skip
        port, can = self.workers[name]
        finishes = [_report(step, token, outcome, delayed=delayed) for step, token in reports]
        turn = self.wait(port.turn(want=want, finishes=finishes, heartbeats=heartbeats))
        assert turn.registered
        refused = [f.step_id for f in finishes if not self.oracle.finish(f.step_id, f.token, outcome, delayed=delayed)]
        assert [finish.step_id for finish in turn.refused] == refused
        again = self._heartbeat(name, turn, heartbeats) if heartbeats is not None else {}
        self._sweep_oracle()
        for claim in turn.claims:
            want -= 1
            if claim.id in again:
                assert (claim.token, claim.attempt) == again.pop(claim.id)
                continue
            assert (claim.id, claim.token) not in self.issued
            assert claim.id in self.oracle.claimable(name, can)
            self.oracle.claim(claim.id, name, claim.token, can)
            assert claim.attempt == self.oracle.steps[claim.id].attempt
            self.issued.append((claim.id, claim.token))
        assert again == {}
        assert want <= 0 or not self.oracle.claimable(name, can)

    def _heartbeat(self, name: str, turn: Turn, heartbeats: list[tuple[StepId, str]]) -> dict[str, tuple[str, int]]:
        """Compare what the heartbeats tell; returns the claims that must come again."""
        lost, cancelled = [], []
        for step_id, token in heartbeats:
            step = self.oracle.steps[step_id]
            if step.status is not JobStatus.RUNNING or step.token != token:
                lost.append(step_id)
                continue
            self.overdue.pop(step_id, None)
            if step.cancel_asked:
                cancelled.append(step_id)
        assert (list(turn.lost), list(turn.cancelled)) == (lost, cancelled)
        known = {step_id for step_id, _ in heartbeats}
        return {s.spec.id: (s.token, s.attempt) for s in self.oracle.held(name) if s.spec.id not in known}

    def _sweep_oracle(self) -> None:
        for step_id, token in self.overdue.items():
            step = self.oracle.steps[step_id]
            if step.status is JobStatus.RUNNING and step.token == token:
                self.oracle.expire(step_id)
        for step_id in self.out_of_patience:
            self.oracle.force_cancel(step_id)
        for step_id in self.due:
            if self.oracle.steps[step_id].status is JobStatus.DELAYED:
                self.oracle.promote(step_id)
        self.overdue, self.out_of_patience, self.due = {}, set(), set()

    def _some(self, data: st.DataObject, steps: list[Step]) -> Step:
        return data.draw(st.sampled_from(sorted(steps, key=lambda step: step.spec.id)))

    def _in(self, status: JobStatus) -> list[Step]:
        return [step for step in self.oracle.steps.values() if step.status is status]

    @precondition(lambda self: self.oracle.steps)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        step = self._some(data, list(self.oracle.steps.values()))
        answer = self.wait(self.producer.cancel(step.spec.id, reason="asked"))
        assert answer == self.oracle.cancel(step.spec.id)

    @precondition(lambda self: self.oracle.steps)
    @rule(data=st.data(), priority=st.integers(1, 6))
    def prioritize(self, data: st.DataObject, priority: int) -> None:
        step = self._some(data, list(self.oracle.steps.values()))
        answer = self.wait(self.control.prioritize(step.spec.id, priority))
        assert answer == self.oracle.prioritize(step.spec.id, priority)

    @precondition(lambda self: self._in(JobStatus.RUNNING))
    @rule(data=st.data())
    def lease_ends(self, data: st.DataObject) -> None:
        step = self._some(data, self._in(JobStatus.RUNNING))
        self._move("lz", step)
        self.overdue[step.spec.id] = step.token

    @precondition(lambda self: any(step.cancel_asked for step in self._in(JobStatus.RUNNING)))
    @rule(data=st.data())
    def patience_with_a_cancel_ends(self, data: st.DataObject) -> None:
        step = self._some(data, [step for step in self._in(JobStatus.RUNNING) if step.cancel_asked])
        self._move("cz", step)
        self.out_of_patience.add(step.spec.id)

    @precondition(lambda self: self._in(JobStatus.DELAYED))
    @rule(data=st.data())
    def delay_ends(self, data: st.DataObject) -> None:
        step = self._some(data, self._in(JobStatus.DELAYED))
        self._move("dl", step)
        self.due.add(step.spec.id)

    @rule(
        data=st.data(), need=st.sampled_from(NEEDS), tenant=st.sampled_from(TENANTS),
        outcome=st.sampled_from((Outcome.RETRY_ELSEWHERE, Outcome.RETRY_LARGER)),
    )  # fmt: skip
    def an_attempt_fails_for_its_device(
        self, data: st.DataObject, need: Requirements, tenant: TenantId, outcome: Outcome
    ) -> None:
        """One rule does it all, since steps that run are few: most examples leave out some of the other rules."""
        self.submit(need, tenant, 1, 1, 1, 1.0, 3, False, 1)
        name = data.draw(st.sampled_from(sorted(self.workers)))
        self._take_turn(name, 2, [], Outcome.OK, None)
        if held := self.oracle.held(name):
            step = self._some(data, held)
            self._take_turn(name, 1, [(step.spec.id, step.token)], outcome, None)

    @precondition(lambda self: any(step.avoids for step in self._unended()))
    @rule(data=st.data())
    def avoidance_ends(self, data: st.DataObject) -> None:
        step = self._some(data, [step for step in self._unended() if step.avoids])

        async def rewrite() -> None:
            key = "{darkroom-0}:av"
            entry = str(await self.link.redis_py.hget(key, step.spec.id)).split("\t")
            await self.link.redis_py.hset(key, step.spec.id, "\t".join([*entry[:2], "1"]))

        self.wait(rewrite())
        self.oracle.forget_avoidance(step.spec.id)

    def _unended(self) -> list[Step]:
        return [step for step in self.oracle.steps.values() if step.status not in TERMINAL]

    def _move(self, deadlines: str, step: Step) -> None:
        async def rewrite() -> None:
            assert await self.link.redis_py.zadd(f"{{darkroom-0}}:{deadlines}", {step.spec.id: 1}, xx=True) == 0

        self.wait(rewrite())

    @rule()
    def sweep(self) -> None:
        self.wait(self.sweeper.sweep())
        self._sweep_oracle()

    @rule()
    def an_hour_passes(self) -> None:
        """Only what the queue notes of classes grows older: those that nobody uses are collected."""
        self.wait(pass_an_hour(self.link, self.sweeper))
        self._sweep_oracle()

    @invariant()
    def the_class_of_every_step_is_known(self) -> None:
        records, classes = self.wait(self._records_and_classes())
        for record in records:
            header, requirements, _ = record.split("\n", 2)
            assert classes[header.partition("\t")[0]] == requirements

    async def _records_and_classes(self) -> tuple[list[str], dict[str, str]]:
        steps, classes = self.link.keys.steps, self.link.keys.meta.removesuffix("meta") + "cld"
        records, known = await self.link.redis_py.hvals(steps), await self.link.redis_py.hgetall(classes)
        return [str(record) for record in records], {str(k): str(v) for k, v in known.items()}

    @invariant()
    def every_step_is_where_the_oracle_says(self) -> None:
        views = self.wait(self._views())
        for step, view in zip(self.oracle.steps.values(), views, strict=True):
            assert view is not None
            assert (view.status, view.attempt, view.priority) == (step.status, step.attempt, step.priority)
            assert step.ends == (step.status in TERMINAL)
            assert step.attempt <= step.spec.max_attempts
            if step.status is JobStatus.COMPLETED:
                assert view.result is not None
                assert view.result.text == step.token

    async def _views(self) -> list[StepView | None]:
        return await asyncio.gather(*(self.producer.read(s.spec.id) for s in self.oracle.steps.values()))

    @invariant()
    def the_counters_are_right(self) -> None:
        depth, counts = self.wait(self.producer.depth()), self.oracle.counts()
        waiting, running = counts[JobStatus.QUEUED], counts[JobStatus.RUNNING]
        assert (depth.queued, depth.running, depth.delayed) == (waiting, running, counts[JobStatus.DELAYED])
        assert sum(depth.queued_by_type.values()) == waiting
        assert sum(depth.running_by_type.values()) == running

    def teardown(self) -> None:
        if self.oracle.steps:
            self._drain()
            for _ in range(2):
                self.wait(pass_an_hour(self.link, self.sweeper))
            self.wait(self._check_what_is_left())

    def _drain(self) -> None:
        for number, can in enumerate(ABLE):
            self._register(f"w{number}", can)
        for step in self._in(JobStatus.DELAYED):
            self._move("dl", step)
            self.due.add(step.spec.id)
        for _ in range(len(self.oracle.steps) + 1):  # a step is claimed in one round and finished in the next
            if set(self.oracle.counts()) <= TERMINAL:
                break
            for name in self.workers:
                held = [(StepId(s.spec.id), s.token) for s in self.oracle.held(name)]
                self._take_turn(name, 3, held, Outcome.OK, None)
        for name in self.workers:
            self._take_turn(name, 1, [], Outcome.OK, [])
        assert set(self.oracle.counts()) <= TERMINAL
        self.every_step_is_where_the_oracle_says()

    async def _check_what_is_left(self) -> None:
        keys = [key async for key in self.link.redis_py.scan_iter("*", count=1000)]
        assert [key for key in keys if key.split(":")[1] in STEP_KEYS | CLASS_KEYS] == []
        ends: Counter[StepId | None] = Counter()
        for event in await EventLog(self.link).read(None, count=5000):
            assert ends[event.step_id] == 0, f"{event.type} after the end of {event.step_id}"
            ends[event.step_id] += EventType(event.type) in STEP_TERMINAL
        assert ends == dict.fromkeys(self.oracle.steps, 1)


def _report(step_id: StepId, token: str, outcome: Outcome, *, delayed: bool) -> Finish:
    data = f'{{"text":"{token}"}}' if outcome is Outcome.OK else ERROR
    return Finish(step_id, token, outcome, data, IN_AN_HOUR_MS if delayed else 0)

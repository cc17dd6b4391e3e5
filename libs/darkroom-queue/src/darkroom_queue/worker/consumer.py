"""The consumer of a worker: claims steps, extends their leases, runs a handler for each, and reports the results.

Up to two turns are in flight, so that the queue processes one while handlers run the steps of the other. A heartbeat is
never concurrent with another turn, because it lists the steps that the worker holds. There is no polling: an idle
worker blocks on its wake list, and its heartbeat recovers a lost wake-up.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from darkroom_redis.errors import RedisUnavailable
from darkroom_redis.pipelined_connection import ReplyError
from darkroom_schemas.ids import StepId
from darkroom_schemas.step import ClaimedStep
from darkroom_schemas.worker import WorkerInfo

from darkroom_queue.client import DEFAULT_LEASE_S, QueueClient
from darkroom_queue.errors import WorkerSuperseded
from darkroom_queue.worker.attempt import Attempt
from darkroom_queue.worker.context import Handler, StopReason
from darkroom_queue.worker.turn import Finish, Turn, WorkerPort

log = logging.getLogger(__name__)
BLOCK_S = 5
OUTAGE_PAUSE_S = 0.2
MAX_REPORTED = 20_000
"""Reported finishes stored between heartbeats, in case a failover loses them. Beyond this number the oldest go."""
TURNS_AT_ONCE = 2
DRAIN_GRACE_S = 3600.0
"""Time for running steps after an operator's drain. To end sooner, stop the process."""
COMMAND_PARTS = 3
"""Verb, step and token; see `lua/cancel.lua`."""


class Consumer:
    """Runs up to `info.concurrency` steps at a time. `lease_s` must be at least three times `heartbeat_s`.

    `resident` returns the loaded models. Steps for them are preferred, within the bound of docs/queue-promises.md.
    `on_refused` receives finishes that the queue has refused and certainly not accepted before.
    """

    def __init__(
        self,
        client: QueueClient,
        info: WorkerInfo,
        handler: Handler,
        *,
        lease_s: float = DEFAULT_LEASE_S,
        heartbeat_s: float = 4.0,
        resident: Callable[[], Iterable[str]] = tuple,
        on_refused: Callable[[Finish], None] = lambda _: None,
    ) -> None:
        if lease_s < 3 * heartbeat_s:
            raise ValueError(f"lease_s must be at least 3 × heartbeat_s, not {lease_s:g} against {heartbeat_s:g}")
        self._client, self._info, self._handler = client, info, handler
        self._port = WorkerPort(client, info, lease_s=lease_s)
        self._half = (info.concurrency + 1) // 2
        self._heartbeat_s, self._max_silence_s, self._resident = heartbeat_s, lease_s * 0.75, resident
        self._on_refused = on_refused
        self._running: dict[StepId, Attempt] = {}
        self._backlog: deque[Attempt] = deque()
        """Claims beyond the concurrency: a claim with a lost reply is delivered again, in addition to later ones."""
        self._working = 0
        self._finishes: list[Finish] = []
        self._reported: dict[StepId, Finish] = {}
        self._reported_before: dict[StepId, Finish] = {}
        """Finishes reported since the last heartbeat, and in the interval before it. A failover may lose them."""
        self._turns: set[asyncio.Task[None]] = set()
        self._requested = 0
        """Steps requested by turns in flight."""
        self._woken = True
        """A wake-up was received, or a delayed step is due, and no turn has handled it yet."""
        self._more_waiting = False
        """The last turn claimed as many steps as it requested, so there are probably more."""
        self._heartbeat_in_flight = self._draining = self._registered = False
        self._changed, self._room = asyncio.Event(), asyncio.Event()
        self._failure: WorkerSuperseded | None = None
        self._set = ""
        self._acknowledged = self._next_heartbeat = self._not_before = 0.0
        self._next_due: float | None = None
        self.drained_by_operator = False
        """Whether an operator asked this worker to stop claiming; see `Control.drain_worker`."""

    @property
    def running(self) -> int:
        """Number of claimed steps that have not ended."""
        return len(self._running)

    async def run(self) -> None:
        """Process steps until drained, through outages of Redis.

        Raises `WorkerSuperseded` if another process registers with the same worker id.
        """
        await self._register()
        listeners = [asyncio.create_task(self._receive_wakes()), asyncio.create_task(self._receive_commands())]
        try:
            while not self._is_done():
                if self._failure is not None:
                    raise self._failure
                if not self._registered and not self._turns:
                    await self._register()
                if self._launch_turn():
                    await asyncio.sleep(0)
                else:
                    await self._wait_for_work()
        finally:
            for attempt in list(self._running.values()):
                attempt.cancel()
            for task in [*listeners, *self._turns]:
                task.cancel()
            await asyncio.gather(*listeners, *self._turns, return_exceptions=True)
            with suppress(RedisUnavailable):  # leases end by themselves
                await self._port.unregister()

    def drain(self, *, grace_s: float) -> None:
        """Stop claiming. Steps that still run after `grace_s` seconds are requeued without using an attempt."""
        self._draining = True
        self._room.clear()
        self._changed.set()
        asyncio.get_running_loop().call_later(grace_s, self._stop_all, StopReason.SHUTDOWN)

    def _is_done(self) -> bool:
        return self._draining and not (self._running or self._finishes or self._turns)

    async def _register(self) -> None:
        while True:
            try:
                self._set = await self._port.register()
            except RedisUnavailable:
                await asyncio.sleep(OUTAGE_PAUSE_S)
            else:
                self._registered, self._acknowledged, self._next_heartbeat = True, self._now(), 0.0
                return

    def _launch_turn(self) -> bool:
        """Start a turn if one is needed and allowed."""
        now = self._now()
        heartbeat = now >= self._next_heartbeat
        if now < self._not_before or not self._registered or self._heartbeat_in_flight:
            return False
        if len(self._turns) >= TURNS_AT_ONCE or (heartbeat and self._turns):
            return False
        want = self._wanted()
        woken = self._woken and (want or not self._turns)
        if not (heartbeat or self._finishes or (want and self._more_waiting) or woken):
            return False
        # A heartbeat reports all finishes: a held step that it does not list is delivered again.
        most = len(self._finishes) if heartbeat else self._half
        sent, self._finishes = self._finishes[:most], self._finishes[most:]
        self._reported.update((finish.step_id, finish) for finish in sent)
        heartbeats = [(i, a.context.step.token) for i, a in self._running.items()] if heartbeat else None
        self._heartbeat_in_flight, self._woken = heartbeat, False
        self._requested += want
        task = asyncio.create_task(self._take_turn(sent, heartbeats, want))
        self._turns.add(task)
        task.add_done_callback(self._turn_ended)
        return True

    def _wanted(self) -> int:
        """Return how many steps to claim: at most half of the concurrency, so that claims and handlers overlap."""
        free = self._info.concurrency - len(self._running) - self._requested
        return 0 if self._draining else max(0, min(free, self._half))

    async def _take_turn(self, sent: list[Finish], heartbeats: list[tuple[StepId, str]] | None, want: int) -> None:
        try:
            turn = await self._port.turn(want=want, finishes=sent, heartbeats=heartbeats, resident=self._resident())
        except RedisUnavailable:
            self._finishes[:0] = [replace(finish, repeated=True) for finish in sent]
            self._handle_outage()
        except WorkerSuperseded as error:
            self._failure = error
            self._stop_all(StopReason.LOST)
        else:
            if turn.registered:
                self._apply_turn(turn, want, heartbeat=heartbeats is not None)
            else:
                log.warning("The queue does not know this worker; it registers again")
                self._finishes[:0] = sent
                self._registered = False
        finally:
            self._requested -= want
            if heartbeats is not None:
                self._heartbeat_in_flight = False

    def _turn_ended(self, task: asyncio.Task[None]) -> None:
        self._turns.discard(task)
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("A turn failed unexpectedly", exc_info=error)
            self._not_before = self._now() + OUTAGE_PAUSE_S

    def _handle_outage(self) -> None:
        """Continue without Redis for three quarters of a lease, then stop all handlers."""
        now = self._now()
        self._next_heartbeat, self._not_before = 0.0, now + OUTAGE_PAUSE_S
        if self._running and now - self._acknowledged > self._max_silence_s:
            self._stop_all(StopReason.LOST)

    def _apply_turn(self, turn: Turn, want: int, *, heartbeat: bool) -> None:
        now = self._acknowledged = self._now()
        if heartbeat:
            self._next_heartbeat = now + self._heartbeat_s
        for finish in turn.refused:
            log.warning("A finish came too late and was refused", extra={"step_id": finish.step_id})
            if not finish.repeated:
                self._on_refused(finish)
        for step_id in turn.cancelled:
            self._stop(step_id, StopReason.CANCELLED)
        for step_id in turn.lost:
            self._stop(step_id, StopReason.LOST)
        self._finishes += turn.unreadable
        for step in turn.claims:
            reported = self._reported.get(step.id) or self._reported_before.get(step.id)
            if reported is not None and reported.token == step.token:
                # Running the attempt again could overwrite or delete the outputs that it has stored.
                self._finishes.append(replace(reported, repeated=True))
            else:
                self._start(step)
        if heartbeat or len(self._reported) > MAX_REPORTED:
            self._reported_before, self._reported = self._reported, {}
        if want:
            self._more_waiting = len(turn.claims) + len(turn.unreadable) >= want
        self._next_due = None if turn.next_due_s is None else now + turn.next_due_s
        if self._draining or self._more_waiting or len(self._running) >= self._info.concurrency:
            self._room.clear()
        else:
            self._room.set()

    def _start(self, step: ClaimedStep) -> None:
        held = self._running.get(step.id)
        if held is not None:
            held.context.request_stop(StopReason.LOST)
        attempt = Attempt(step, self._handler, self._port, self._info.worker_id, self._ended)
        self._running[step.id] = attempt
        if self._working < self._info.concurrency:
            self._working += 1
            attempt.start()
        else:
            self._backlog.append(attempt)

    def _ended(self, attempt: Attempt, finish: Finish) -> None:
        """Store the finish of an attempt and start the next one of the backlog."""
        if self._running.get(finish.step_id) is attempt:
            del self._running[finish.step_id]
            self._finishes.append(finish)
        if self._backlog:
            self._backlog.popleft().start()
        else:
            self._working -= 1
        self._changed.set()

    def _stop(self, step_id: StepId, reason: StopReason) -> None:
        if held := self._running.get(step_id):
            held.context.request_stop(reason)

    def _stop_all(self, reason: StopReason) -> None:
        for held in list(self._running.values()):
            held.context.request_stop(reason)

    async def _wait_for_work(self) -> None:
        """Sleep until a step or turn ends, a wake-up arrives, or a heartbeat or a delayed step is due."""
        until = max(self._next_heartbeat, self._not_before)
        if self._heartbeat_in_flight or self._turns:
            until = self._now() + BLOCK_S  # the end of a turn sets the event
        elif self._next_due is not None and self._room.is_set():
            until = min(until, max(self._next_due, self._not_before))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - self._now())):
                await self._changed.wait()
        self._changed.clear()
        if self._next_due is not None and self._now() >= self._next_due:
            self._next_due, self._woken = None, True

    async def _receive_wakes(self) -> None:
        """Block on the wake list while there is room. The next turn rearms a wake-up that was received too late."""
        while True:
            await self._room.wait()
            if await self._pop(self._client.keys.wake(self._set)):
                self._woken = True
                if not self._launch_turn():
                    self._changed.set()

    async def _receive_commands(self) -> None:
        while True:
            command = await self._pop(self._client.keys.commands(self._info.worker_id))
            if command is None:
                continue
            parts = command.split("\t")
            if len(parts) != COMMAND_PARTS:
                log.warning("A command to this worker is malformed and is ignored")
                continue
            verb, step_id, token = parts
            held = self._running.get(StepId(step_id))
            if verb == "drain":
                log.info("An operator drains this worker")
                self.drained_by_operator = True
                self.drain(grace_s=DRAIN_GRACE_S)
            elif verb == "cancel" and held is not None and held.context.step.token == token:
                held.context.request_stop(StopReason.CANCELLED)

    async def _pop(self, key: str) -> str | None:
        try:
            answer: list[str] | None = await self._client.block("BLPOP", key, BLOCK_S)
        except RedisUnavailable:
            await asyncio.sleep(OUTAGE_PAUSE_S)
            return None
        except ReplyError:  # the listener must survive: without it only heartbeats would find work
            log.exception("The server refuses a blocking command of the worker")
            await asyncio.sleep(BLOCK_S)
            return None
        return answer[1] if answer else None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

"""The worker side: claims steps, keeps their leases alive, runs a handler on each, and reports how they ended.

Up to two turns are under way at once, so that the queue works on one while handlers run on what the last one brought; a
beat goes alone, since it tells the queue what the worker holds. Nothing polls: an idle worker blocks on its wake list,
and its beat covers a wake that got lost.
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
MOST_TOLD = 20_000
"""Finishes that are remembered from beat to beat, should the server forget them; of very quick steps the latest."""
TURNS_AT_ONCE = 2
DRAIN_GRACE_S = 3600.0
"""An operator's drain lets steps end; whoever is in a hurry stops the process."""
COMMAND_PARTS = 3
"""Verb, step and token; see `lua/cancel.lua`."""


class Consumer:
    """Runs up to `info.concurrency` steps at a time. `lease_s` must be at least three times `beat_s`.

    `resident` tells which models are loaded; steps for them are preferred, within the bound of docs/queue-promises.md.
    `on_refused` hears of finishes that the queue did not take, and surely has not taken before.
    """

    def __init__(
        self,
        client: QueueClient,
        info: WorkerInfo,
        handler: Handler,
        *,
        lease_s: float = DEFAULT_LEASE_S,
        beat_s: float = 4.0,
        resident: Callable[[], Iterable[str]] = tuple,
        on_refused: Callable[[Finish], None] = lambda _: None,
    ) -> None:
        if lease_s < 3 * beat_s:
            raise ValueError(f"lease_s must be at least 3 × beat_s, not {lease_s:g} against {beat_s:g}")
        self._client, self._info, self._handler = client, info, handler
        self._port = WorkerPort(client, info, lease_s=lease_s)
        self._half = (info.concurrency + 1) // 2
        self._beat_s, self._silence_s, self._resident = beat_s, lease_s * 0.75, resident
        self._on_refused = on_refused
        self._running: dict[StepId, Attempt] = {}
        self._backlog: deque[Attempt] = deque()
        """Claims beyond the concurrency: one whose answer got lost comes back beside those claimed in its place."""
        self._working = 0
        self._finishes: list[Finish] = []
        self._told: dict[StepId, Finish] = {}
        self._told_before: dict[StepId, Finish] = {}
        """What was told since the last beat, and between it and the one before: a failover may forget it."""
        self._turns: set[asyncio.Task[None]] = set()
        self._promised = 0
        """Steps that turns under way have asked for."""
        self._heard = True
        """A wake was heard, or a delayed step is due, that no turn has looked into or passed on yet."""
        self._plenty = False
        """The last turn brought all that it asked for; there is likely more."""
        self._beating = self._draining = self._registered = False
        self._poke, self._room = asyncio.Event(), asyncio.Event()
        self._failure: WorkerSuperseded | None = None
        self._set = ""
        self._acknowledged = self._next_beat = self._not_before = 0.0
        self._next_due: float | None = None

    @property
    def running(self) -> int:
        """Number of steps in hand."""
        return len(self._running)

    async def run(self) -> None:
        """Work until drained, through outages of Redis; raises `WorkerSuperseded` if another process takes the name."""
        await self._register()
        listeners = [asyncio.create_task(self._hear_wakes()), asyncio.create_task(self._hear_commands())]
        try:
            while not self._is_done():
                if self._failure is not None:
                    raise self._failure
                if not self._registered and not self._turns:
                    await self._register()
                if self._launch_turn():
                    await asyncio.sleep(0)
                else:
                    await self._wait_for_a_reason()
        finally:
            for attempt in list(self._running.values()):
                attempt.cancel()
            for task in [*listeners, *self._turns]:
                task.cancel()
            await asyncio.gather(*listeners, *self._turns, return_exceptions=True)
            with suppress(RedisUnavailable):  # leases end by themselves
                await self._port.unregister()

    def drain(self, *, grace_s: float) -> None:
        """Stop claiming; what still runs after `grace_s` goes back to the queue without costing an attempt."""
        self._draining = True
        self._room.clear()
        self._poke.set()
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
                self._registered, self._acknowledged, self._next_beat = True, self._now(), 0.0
                return

    def _launch_turn(self) -> bool:
        """Begin a turn if there is a reason for one and nothing forbids it."""
        now = self._now()
        beat = now >= self._next_beat
        if now < self._not_before or not self._registered or self._beating:
            return False
        if len(self._turns) >= TURNS_AT_ONCE or (beat and self._turns):
            return False
        want = self._wanted()
        if not (beat or self._finishes or (want and self._plenty) or (self._heard and (want or not self._turns))):
            return False
        # A beat tells all, or the queue would hand out again what it does not name.
        most = len(self._finishes) if beat else self._half
        sent, self._finishes = self._finishes[:most], self._finishes[most:]
        self._told.update((finish.step_id, finish) for finish in sent)
        beats = [(i, a.context.step.token) for i, a in self._running.items()] if beat else None
        self._beating, self._heard = beat, False
        self._promised += want
        task = asyncio.create_task(self._take_turn(sent, beats, want))
        self._turns.add(task)
        task.add_done_callback(self._turn_ended)
        return True

    def _wanted(self) -> int:
        """Half of the places at a time: handlers run on one half while the queue hands out the other."""
        free = self._info.concurrency - len(self._running) - self._promised
        return 0 if self._draining else max(0, min(free, self._half))

    async def _take_turn(self, sent: list[Finish], beats: list[tuple[StepId, str]] | None, want: int) -> None:
        try:
            turn = await self._port.turn(want=want, finishes=sent, beats=beats, resident=self._resident())
        except RedisUnavailable:
            self._finishes[:0] = [replace(finish, repeated=True) for finish in sent]
            self._endure()
        except WorkerSuperseded as error:
            self._failure = error
            self._stop_all(StopReason.LOST)
        else:
            if turn.registered:
                self._take_in(turn, want, beat=beats is not None)
            else:
                log.warning("The queue does not know this worker; it registers again")
                self._finishes[:0] = sent
                self._registered = False
        finally:
            self._promised -= want
            if beats is not None:
                self._beating = False

    def _turn_ended(self, task: asyncio.Task[None]) -> None:
        self._turns.discard(task)
        self._poke.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("A turn failed unexpectedly", exc_info=error)
            self._not_before = self._now() + OUTAGE_PAUSE_S

    def _endure(self) -> None:
        """Redis does not answer: go on working for three quarters of a lease, then give the work up."""
        now = self._now()
        self._next_beat, self._not_before = 0.0, now + OUTAGE_PAUSE_S
        if self._running and now - self._acknowledged > self._silence_s:
            self._stop_all(StopReason.LOST)

    def _take_in(self, turn: Turn, want: int, *, beat: bool) -> None:
        now = self._acknowledged = self._now()
        if beat:
            self._next_beat = now + self._beat_s
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
            told = self._told.get(step.id) or self._told_before.get(step.id)
            if told is not None and told.token == step.token:
                # Run again, the attempt would write over what it has stored, or delete it.
                self._finishes.append(replace(told, repeated=True))
            else:
                self._start(step)
        if beat or len(self._told) > MOST_TOLD:
            self._told_before, self._told = self._told, {}
        if want:
            self._plenty = len(turn.claims) + len(turn.unreadable) >= want
        self._next_due = None if turn.next_due_s is None else now + turn.next_due_s
        if self._draining or self._plenty or len(self._running) >= self._info.concurrency:
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
        """Take the finish of an attempt; the place that it leaves goes to one that waits."""
        if self._running.get(finish.step_id) is attempt:
            del self._running[finish.step_id]
            self._finishes.append(finish)
        if self._backlog:
            self._backlog.popleft().start()
        else:
            self._working -= 1
        self._poke.set()

    def _stop(self, step_id: StepId, reason: StopReason) -> None:
        if held := self._running.get(step_id):
            held.context.request_stop(reason)

    def _stop_all(self, reason: StopReason) -> None:
        for held in list(self._running.values()):
            held.context.request_stop(reason)

    async def _wait_for_a_reason(self) -> None:
        """Sleep until something ended, a wake came, or a beat or a delayed step is due."""
        until = max(self._next_beat, self._not_before)
        if self._beating or self._turns:
            until = self._now() + BLOCK_S  # the end of a turn pokes
        elif self._next_due is not None and self._room.is_set():
            until = min(until, max(self._next_due, self._not_before))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - self._now())):
                await self._poke.wait()
        self._poke.clear()
        if self._next_due is not None and self._now() >= self._next_due:
            self._next_due, self._heard = None, True

    async def _hear_wakes(self) -> None:
        """Block on the wake list while there is room. A token heard too late is re-armed by the turn that follows."""
        while True:
            await self._room.wait()
            if await self._pop(self._client.keys.wake(self._set)):
                self._heard = True
                if not self._launch_turn():
                    self._poke.set()

    async def _hear_commands(self) -> None:
        while True:
            command = await self._pop(self._client.keys.commands(self._info.worker_id))
            if command is None:
                continue
            parts = command.split("\t")
            if len(parts) != COMMAND_PARTS:
                log.warning("A command to this worker cannot be read and is left out")
                continue
            verb, step_id, token = parts
            held = self._running.get(StepId(step_id))
            if verb == "drain":
                log.info("An operator drains this worker")
                self.drain(grace_s=DRAIN_GRACE_S)
            elif verb == "cancel" and held is not None and held.context.step.token == token:
                held.context.request_stop(StopReason.CANCELLED)

    async def _pop(self, key: str) -> str | None:
        try:
            answer: list[str] | None = await self._client.block("BLPOP", key, BLOCK_S)
        except RedisUnavailable:
            await asyncio.sleep(OUTAGE_PAUSE_S)
            return None
        except ReplyError:  # else nobody would listen any more, and only beats would find work
            log.exception("The server refuses to let the worker listen")
            await asyncio.sleep(BLOCK_S)
            return None
        return answer[1] if answer else None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

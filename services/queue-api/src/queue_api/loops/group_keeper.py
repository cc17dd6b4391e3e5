"""Moves groups on: submits their children, cancels those that a policy no longer needs, and reports their end.

Children that wait for a back end which is away are failed once their time limit is over.

Every replica does so for all groups; each action has an effect only once. A group survives the loss of all replicas,
because its state is that of its steps, and groups whose end nobody has seen are looked at again.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from darkroom_chassis.isolation import Isolation
from darkroom_chassis.logs import get_logger
from darkroom_queue import EventFanout, Producer, QueueError, Registry
from darkroom_queue.log.fanout import Reset
from darkroom_redis import RedisUnavailable
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.events import STEP_TERMINAL, Emission, EventType
from darkroom_schemas.groups.status import Standing
from darkroom_schemas.ids import SYSTEM_TENANT, JobId, new_trace_id
from darkroom_schemas.status import TERMINAL
from darkroom_schemas.step import StepError, StepSubmit, StepView

from queue_api.domain.groups.overdue import clocks_of, overdue
from queue_api.domain.groups.record import GroupRecord, is_group
from queue_api.domain.groups.request import JobGroupRequest
from queue_api.domain.groups.steps import steps_of
from queue_api.domain.groups.views import Views, standing, views_by_step
from queue_api.domain.ports import Groups

log = get_logger(__name__)
SCAN_EVERY_S = 10.0
TOGETHER_S = 0.05
"""After a look at groups whose children ended, further ends are collected for this long. Each look reads all children
of a group: without a pause, a group whose children end at once would be read as often as it has children."""
_PAGE = 200
_REASON = "the group has the results that it needs"
_TOO_LATE = StepError(
    code=StepErrorCode.TIMEOUT, message="The child did not end within its time limit; its back end was lost"
)
_FIRST_OUTBOX_ID = 2**52
"""Emissions of groups have ids above those of platform-api's outbox."""


class GroupKeeper:
    """Three loops: `follow` notes whose children end, `react` moves those on, `scan` looks at all from time to time."""

    def __init__(
        self, groups: Groups, producer: Producer, registry: Registry, fanout: EventFanout, *, max_depth: int
    ) -> None:
        self._groups, self._producer, self._registry = groups, producer, registry
        self._fanout, self._max_depth = fanout, max_depth
        self._isolation = Isolation("job-groups", (RedisUnavailable,))
        self._ended: dict[JobId, None] = {}
        self._has_ended = asyncio.Event()

    async def follow(self) -> None:
        """Note the groups whose children end, until cancelled."""
        async for event in self._fanout.follow(since=None):
            if not isinstance(event, Reset) and event.type in STEP_TERMINAL and is_group(event.job_id):
                self._ended[event.job_id] = None
                self._has_ended.set()

    async def react(self) -> None:
        """Move on the groups that were noted, the first one first, until cancelled."""
        while True:
            await self._has_ended.wait()
            self._has_ended.clear()
            for group_id in tuple(self._ended):
                del self._ended[group_id]
                await self._try(group_id, partial(self.advance, group_id))
            await asyncio.sleep(TOGETHER_S)

    async def scan(self) -> None:
        """Look at the active groups every ten seconds until cancelled."""
        while True:
            offset = 0
            online: frozenset[str] | None = None
            while page := await self._groups.active(_PAGE, offset):
                online = await self._online() if online is None else online
                for group_id in page:
                    await self._try(group_id, partial(self._look, group_id, online))
                offset += len(page)
            await asyncio.sleep(SCAN_EVERY_S)

    async def advance(self, group_id: JobId) -> None:
        """Do what the state of a group asks for; raises `RedisUnavailable`."""
        record = await self._groups.get(group_id)
        if record is None:
            await self._groups.ended(group_id)
            return
        views = views_by_step(record, await self._producer.read_many(record.step_ids))
        now = standing(record, views)
        if record.cancelled_ms is not None or record.policy.is_met(now.completed):
            await self._cancel_open(views)
        else:
            await self._submit_more(record, views)
        if now.is_final:
            await self._report_end(record, now)

    async def _look(self, group_id: JobId, online: frozenset[str]) -> None:
        await self._fail_overdue(group_id, online)
        await self.advance(group_id)

    async def _fail_overdue(self, group_id: JobId, online: frozenset[str]) -> None:
        """Fail children that wait although their time is over, since they lost their back end."""
        record = await self._groups.get(group_id)
        if record is None:
            return
        views = views_by_step(record, await self._producer.read_many(record.step_ids))
        now_ms = time.time_ns() // 1_000_000
        clocks = await self._groups.clocks(group_id, clocks_of(record, views, online, now_ms))
        for step_id in overdue(record, views, clocks, now_ms):
            await self._producer.fail_waiting(step_id, _TOO_LATE)

    async def _online(self) -> frozenset[str]:
        workers = await self._registry.workers()
        return frozenset(name for worker in workers for name in worker.info.capabilities.backends)

    async def _try(self, group_id: JobId, work: Callable[[], Awaitable[None]]) -> None:
        async def leave(error: Exception) -> None:
            log.error("A group cannot be moved on", group_id=group_id, reason=type(error).__name__)

        await self._isolation.attempt(work, leave)

    async def _cancel_open(self, views: Views) -> None:
        for view in _open(views):
            await self._producer.cancel(view.id, reason=_REASON)

    async def _submit_more(self, record: GroupRecord, views: Views) -> None:
        waiting = [step_id for step_id in record.step_ids if views[step_id] is None]
        if not waiting:
            return
        text = await self._groups.request(record.id)
        if text is None:
            return
        room = len(record.children) if record.max_parallel is None else record.max_parallel - len(_open(views))
        chosen = set(waiting[: max(0, room)])
        steps = steps_of(JobGroupRequest.model_validate_json(text), record, new_trace_id())
        refused = await self._submit([step for step in steps if step.id in chosen])
        if refused is not None:
            log.warning("Children of a group are submitted later", group_id=record.id, reason=str(refused))
        elif len(chosen) == len(waiting):
            await self._groups.all_submitted(record.id)

    async def _submit(self, steps: Sequence[StepSubmit]) -> QueueError | None:
        """Submit steps and return the first refusal."""
        answers = await self._producer.submit_many(steps, max_depth=self._max_depth)
        return next((answer for answer in answers if isinstance(answer, QueueError)), None)

    async def _report_end(self, record: GroupRecord, now: Standing) -> None:
        data = {
            "group_id": record.id,
            "status": now.status.value,
            "total": now.total,
            "succeeded": now.completed,
            "failed": now.failed,
            "cancelled": now.cancelled,
            "metadata": record.metadata,
        }
        emission = Emission(
            outbox_id=_outbox_id(record.id),
            type=EventType.GROUP_COMPLETED,
            job_id=record.id,
            tenant=SYSTEM_TENANT,
            data=data,
        )
        await self._producer.emit([emission])
        await self._groups.ended(record.id)


def _open(views: Views) -> list[StepView]:
    return [view for view in views.values() if view is not None and view.status not in TERMINAL]


def _outbox_id(group_id: JobId) -> int:
    """Return an id by which the queue appends the event of a group's end only once."""
    return _FIRST_OUTBOX_ID + int.from_bytes(hashlib.blake2b(group_id.encode(), digest_size=6).digest())

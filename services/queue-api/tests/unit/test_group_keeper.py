"""How often the keeper of groups reads a group whose children end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import SYSTEM_TENANT, JobId, StepId
from queue_api.domain.groups.record import PREFIX
from queue_api.loops.group_keeper import GroupKeeper

GROUP = JobId(f"{PREFIX}01936c9e-0000-7000-8000-000000000001")
CHILDREN = 100


class EndingChildren:
    """A log in which children of a group end, and the group itself, which has expired: it is read, and no more."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.looks: asyncio.Queue[JobId] = asyncio.Queue()

    def end(self, children: int) -> None:
        for number in range(children):
            self.events.put_nowait(
                Event(
                    id=f"0-1-1-{number}", type=EventType.STEP_COMPLETED, job_id=GROUP,
                    step_id=StepId(f"{GROUP}/1/{number:02}"), tenant=SYSTEM_TENANT, at_ms=1,
                )
            )  # fmt: skip

    async def follow(self, *, since: None) -> AsyncIterator[Event]:
        while True:
            yield await self.events.get()

    async def get(self, group_id: JobId) -> None:
        self.looks.put_nowait(group_id)

    async def ended(self, group_id: JobId) -> None:
        pass


async def test_children_that_end_at_once_are_seen_by_one_look() -> None:
    log = EndingChildren()
    unused: Any = None
    fakes: Any = log
    keeper = GroupKeeper(fakes, unused, unused, fakes, max_depth=1)
    loops = [asyncio.create_task(loop()) for loop in (keeper.follow, keeper.react)]
    try:
        for _ in range(3):
            log.end(CHILDREN)
            async with asyncio.timeout(5):
                assert await log.looks.get() == GROUP
        assert log.looks.empty()
    finally:
        for running in loops:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

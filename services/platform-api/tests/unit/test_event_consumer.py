"""Events that cannot be applied, against an offset store in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from darkroom_schemas.events import Event, EventType
from darkroom_schemas.ids import EventId, JobId, StepId, TenantId
from platform_api.domain.assets.signed_urls import UrlSigner
from platform_api.domain.jobs.job import JobState
from platform_api.loops.consumer import EventConsumer
from platform_api.loops.wakeup import Wakeup

JOB = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c1"


class DatabaseAway(Exception):
    pass


def event(number: int) -> Event:
    job = JobId(f"{JOB}{number}")
    return Event(
        id=f"0-1-1-{number}",
        type=EventType.STEP_COMPLETED,
        job_id=job,
        step_id=StepId(f"{job}:1:00"),
        tenant=TenantId("t"),
        at_ms=1,
        data={"result": {}},
    )


class World:
    """A log with some events, and a database that fails on the jobs of `errors`."""

    def __init__(self, count: int, errors: dict[int, Exception]) -> None:
        self.events = [event(number) for number in range(1, count + 1)]
        self.errors = errors
        self.stored: EventId | None = None
        self.applied: list[int] = []

    async def read(self, after: EventId | None, *, count: int, block_ms: int) -> list[Event]:
        return [one for one in self.events if after is None or EventId.parse(one.id) > after]

    async def acknowledge_ends(self, step_ids: list[StepId]) -> None:
        raise AssertionError(f"no job has these steps: {step_ids}")

    async def position(self) -> EventId | None:
        return self.stored

    @asynccontextmanager
    async def advance(self, old: EventId | None, new: EventId) -> AsyncIterator["Changes"]:
        assert old == self.stored
        changes = Changes(self)
        yield changes
        self.applied += changes.loaded
        self.stored = new


class Changes:
    """Stands in for `JobChanges`: it knows no job, so that reading it is all that can fail."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.loaded: list[int] = []

    async def load(self, ids: set[JobId]) -> dict[JobId, JobState]:
        for number in sorted(int(job_id[-1]) for job_id in ids):
            if number in self._world.errors:
                raise self._world.errors[number]
            self.loaded.append(number)
        return {}

    def __getattr__(self, name: str) -> Any:
        async def nothing(*_: object) -> list[object]:
            return []

        return nothing


def consumer_of(world: World) -> EventConsumer:
    ports: Any = world  # of `EventLog` and `JobChanges` it has only the methods that the consumer calls
    return EventConsumer(
        ports,
        ports,
        UrlSigner("s" * 32, "https://darkroom.example"),
        relay_wakeup=Wakeup(),
        on_gap=lambda: None,
        acknowledge_ends=ports.acknowledge_ends,
        waits=(DatabaseAway,),
    )


@pytest.mark.parametrize("error", [ValueError("bad"), KeyError("x"), TypeError("ours"), RuntimeError("odd")])
async def test_an_event_that_cannot_be_applied_holds_up_none_that_follow(error: Exception) -> None:
    world = World(4, {2: error})
    await consumer_of(world).consume_batch(block_ms=0)
    assert world.applied == [1, 3, 4]
    assert world.stored == EventId.parse("0-1-1-4")


async def test_a_database_that_is_unavailable_leaves_the_position_where_it_is() -> None:
    world = World(3, {1: DatabaseAway()})
    with pytest.raises(DatabaseAway):
        await consumer_of(world).consume_batch(block_ms=0)
    assert world.stored is None

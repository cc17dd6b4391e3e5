"""Lists jobs by the index that `IndexWriter` keeps: the latest submitted first, page by page."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from darkroom_schemas.ids import JobId, StepId, WorkerId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import StepView

from darkroom_queue.client import QueueClient
from darkroom_queue.lua import load
from darkroom_queue.producer import Producer

_UNINDEX = load("unindex")
MAX_PAGE = 200
MAX_EXAMINED = 2_000
"""Jobs that are read for one page; a page may be shorter than asked for before the last one."""
_LATEST_MS = 10**15
_STATES = {JobStatus.DELAYED: "queued"}


@dataclass(frozen=True, slots=True)
class JobCursor:
    """Position in the list: when the last job was submitted, in Unix milliseconds, and its id."""

    at_ms: int
    step_id: str

    @property
    def place(self) -> tuple[int, str]:
        """The key by which the list is sorted."""
        return self.at_ms, self.step_id


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to list; all conditions must hold. Times are in Unix milliseconds, both inclusive."""

    statuses: frozenset[JobStatus] = frozenset(JobStatus)
    job_type: str | None = None
    worker_id: WorkerId | None = None
    job_id: JobId | None = None
    """The job of the steps: a workflow or a group."""
    since_ms: int = 0
    until_ms: int = _LATEST_MS

    def admits(self, view: StepView) -> bool:
        """Whether a job is listed, apart from when it was submitted."""
        return (
            view.status in self.statuses
            and self.job_type in {None, view.type}
            and self.worker_id in {None, view.worker_id}
            and self.job_id in {None, view.job_id}
        )


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs, the latest submitted first; `cursor` continues after the last one that was read, None at the end."""

    views: tuple[StepView, ...]
    cursor: JobCursor | None


class JobIndex:
    """Reads the index of one shard. It is up to a second behind the queue."""

    def __init__(self, client: QueueClient) -> None:
        self._client, self._producer = client, Producer(client)

    async def page(self, wanted: JobFilter, *, limit: int = 50, after: JobCursor | None = None) -> JobPage:
        """Return jobs with their state of now, at most 200 per call. Jobs that ended over a day ago are not listed."""
        names = await self._names(wanted)
        limit, found, examined = min(limit, MAX_PAGE), list[StepView](), 0
        while examined < MAX_EXAMINED:
            places = await self._below(names, wanted, after, MAX_PAGE)
            for view, place in zip(await self._read(places), places, strict=True):
                after = place
                if view is not None and wanted.admits(view):
                    found.append(view)
                    if len(found) == limit:
                        is_last = place == places[-1] and len(places) < MAX_PAGE
                        return JobPage(tuple(found), None if is_last else after)
            if len(places) < MAX_PAGE:
                return JobPage(tuple(found), None)
            examined += len(places)
        return JobPage(tuple(found), after)

    async def oldest_waiting(self) -> dict[str, int]:
        """Return when the oldest waiting job of each type was submitted, in Unix milliseconds."""
        names = await self._names(JobFilter(frozenset({JobStatus.QUEUED})))
        first = await asyncio.gather(*(self._client.command("ZRANGE", self._key(n), 0, 0, "WITHSCORES") for n in names))
        return {n.partition(":")[2]: int(one[1]) for n, one in zip(names, first, strict=True) if one}

    async def _names(self, wanted: JobFilter) -> list[str]:
        """Return the parts of the index that may have wanted jobs: `<state>:<type>`."""
        states = {_STATES.get(status, status.value) for status in wanted.statuses}
        found: Collection[str] = await self._client.command("SMEMBERS", self._client.keys.key("jn"))
        split = [(name, *name.partition(":")[::2]) for name in sorted(found)]
        return [name for name, state, kind in split if state in states and wanted.job_type in {None, kind}]

    async def _below(
        self, names: Sequence[str], wanted: JobFilter, after: JobCursor | None, count: int
    ) -> list[JobCursor]:
        """Return the next places, at most `count`, in descending order."""
        parts = await asyncio.gather(*(self._part_below(name, wanted, after, count) for name in names))
        places = {place for part in parts for place in part}
        return sorted(places, key=lambda one: one.place, reverse=True)[:count]

    async def _part_below(self, name: str, wanted: JobFilter, after: JobCursor | None, count: int) -> list[JobCursor]:
        newest = wanted.until_ms if after is None else min(after.at_ms, wanted.until_ms)
        found: list[JobCursor] = []
        offset = 0
        while len(found) < count:
            reply: list[str] = await self._client.command(
                "ZRANGE", self._key(name), newest, wanted.since_ms, "BYSCORE", "REV", "LIMIT", offset, count,
                "WITHSCORES",
            )  # fmt: skip
            part = [JobCursor(int(at), step_id) for step_id, at in zip(reply[::2], reply[1::2], strict=True)]
            # Those of the cursor's millisecond are ordered by their ids.
            found += [place for place in part if after is None or place.place < after.place]
            if len(part) < count:
                break
            offset += count
        return found[:count]

    async def _read(self, places: Sequence[JobCursor]) -> list[StepView | None]:
        views = await self._producer.read_many([StepId(place.step_id) for place in places])
        gone = [place.step_id for place, view in zip(places, views, strict=True) if view is None]
        if gone:
            await self._client.run(_UNINDEX, *gone)
        return views

    def _key(self, name: str) -> str:
        return self._client.keys.key(f"jx:{name}")

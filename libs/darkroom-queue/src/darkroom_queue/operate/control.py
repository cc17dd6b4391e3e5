"""Operator controls: pause and resume the queue or a job type, drain a worker, change the priority of a step."""

from enum import StrEnum

from darkroom_schemas.ids import StepId, WorkerId

from darkroom_queue.client import QueueClient
from darkroom_queue.lua import load
from darkroom_queue.record import PRIORITY_HEAD_START_US

_PAUSE, _REINDEX, _PRIORITIZE = load("pause"), load("reindex"), load("prioritize")
EVERYTHING = "*"
COMMAND_TTL_S = 60


class PriorityOutcome(StrEnum):
    """What became of a change of priority. Only a step that waits can change it."""

    CHANGED = "changed"
    RUNNING = "running"
    FINISHED = "finished"
    UNKNOWN = "unknown"


class Control:
    """Controls of one shard. Pausing does not affect running steps; submissions are accepted and wait."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    async def pause(self, job_type: str | None = None) -> None:
        """Stop claims of a job type, or of all types. Claims in progress may still succeed."""
        await self._switch(job_type, "on")

    async def resume(self, job_type: str | None = None) -> None:
        """Undo a pause. A type stays paused while it, or the whole queue, is paused."""
        await self._switch(job_type, "off")

    async def paused(self) -> frozenset[str]:
        """Return the paused job types, with `*` if the whole queue is paused."""
        names: set[str] = await self._client.guard(self._client.redis_py.smembers(self._client.keys.paused))
        return frozenset(names)

    async def drain_worker(self, worker_id: WorkerId) -> None:
        """Ask a worker to stop claiming. It leaves the registry when its running steps have ended, until a restart."""
        key = self._client.keys.commands(worker_id)
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            pipe.rpush(key, "drain\t\t")
            pipe.expire(key, COMMAND_TTL_S)
            await self._client.guard(pipe.execute())

    async def prioritize(self, step_id: StepId, priority: int) -> PriorityOutcome:
        """Change the priority (1 to 100) of a waiting step, and with it its place among the steps of its tenant."""
        return PriorityOutcome(await self._client.run(_PRIORITIZE, step_id, priority, PRIORITY_HEAD_START_US))

    async def _switch(self, job_type: str | None, state: str) -> None:
        # One class per call, so that no call blocks the server, however many classes there are.
        for number in await self._client.run(_PAUSE, job_type or EVERYTHING, state):
            await self._client.run(_REINDEX, number)

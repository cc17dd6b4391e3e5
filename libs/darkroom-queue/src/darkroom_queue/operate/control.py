"""What an operator does to the queue: pause and resume it or a job type, and drain a worker."""

from darkroom_schemas.ids import WorkerId

from darkroom_queue.client import QueueClient
from darkroom_queue.lua import load

_PAUSE, _REINDEX = load("pause"), load("reindex")
EVERYTHING = "*"
COMMAND_TTL_S = 60


class Control:
    """Switches of one shard. Pausing never touches what runs; submissions are accepted and wait."""

    def __init__(self, client: QueueClient) -> None:
        self._client = client

    async def pause(self, job_type: str | None = None) -> None:
        """Let no step of the type start, or of any type; a few that are just being claimed may still do."""
        await self._switch(job_type, "on")

    async def resume(self, job_type: str | None = None) -> None:
        """Take a pause back. A type stays paused as long as it or everything is."""
        await self._switch(job_type, "off")

    async def paused(self) -> frozenset[str]:
        """Return the paused job types, and `*` if everything is paused."""
        names: set[str] = await self._client.guard(self._client.redis_py.smembers(self._client.keys.paused))
        return frozenset(names)

    async def drain_worker(self, worker_id: WorkerId) -> None:
        """Ask a worker to take no more steps and to leave when those in hand have ended."""
        key = self._client.keys.commands(worker_id)
        async with self._client.redis_py.pipeline(transaction=True) as pipe:
            pipe.rpush(key, "drain\t\t")
            pipe.expire(key, COMMAND_TTL_S)
            await self._client.guard(pipe.execute())

    async def _switch(self, job_type: str | None, state: str) -> None:
        # One class a call, so that no call holds the server up however many there are.
        for number in await self._client.run(_PAUSE, job_type or EVERYTHING, state):
            await self._client.run(_REINDEX, number)

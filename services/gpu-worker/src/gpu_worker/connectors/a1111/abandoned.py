"""Tasks whose attempts have ended while they waited in the server's queue. They are interrupted when they run."""

from collections import deque

from gpu_worker.connectors.a1111.client import A1111Client

_MOST = 100


class AbandonedTasks:
    """The ids of tasks that nobody waits for; of the first of more than 100, the oldest are forgotten."""

    def __init__(self, client: A1111Client) -> None:
        self._client = client
        self._ids: deque[str] = deque(maxlen=_MOST)

    def add(self, task_id: str) -> None:
        """Remember a task."""
        self._ids.append(task_id)

    async def sweep(self) -> None:
        """Interrupt a task that runs, and forget those that the server does not know any more. Raises ServerFault."""
        for task_id in list(self._ids):
            state = await self._client.task(task_id)
            if state.active:
                await self._client.interrupt()
            if not state.queued:
                self._ids.remove(task_id)

"""Distributes live progress: one subscription per process, any number of WebSockets."""

from collections import OrderedDict
from collections.abc import Iterable

from darkroom_queue import ProgressFeed, QueueClient
from darkroom_schemas.ids import StepId

from queue_api.domain.messages import progress_frame
from queue_api.domain.progress import LatestProgress

REMEMBERED = 10_000
"""Steps whose latest message is stored."""


class ProgressBoard:
    """Implements `ProgressSource` with one subscription to all progress channels."""

    def __init__(self, redis_client: QueueClient) -> None:
        self._client = redis_client
        self._readers: set[LatestProgress] = set()
        self._doing: OrderedDict[StepId, str | None] = OrderedDict()

    def subscribe(self) -> LatestProgress:
        reader = LatestProgress()
        self._readers.add(reader)
        return reader

    def unsubscribe(self, reader: LatestProgress) -> None:
        self._readers.discard(reader)

    def doing(self, step_ids: Iterable[StepId]) -> dict[str, str | None]:
        """Return what steps reported last that they do; steps that reported nothing here are left out."""
        return {step_id: self._doing[step_id] for step_id in step_ids if step_id in self._doing}

    async def run(self) -> None:
        """Receive progress until cancelled. Raises `RedisUnavailable`; a new run subscribes again."""
        async with ProgressFeed(self._client) as feed:
            await feed.add_all()
            async for progress in feed:
                frame = progress_frame(progress)
                self._doing[progress.step_id] = progress.message
                self._doing.move_to_end(progress.step_id)
                if len(self._doing) > REMEMBERED:
                    self._doing.popitem(last=False)
                for reader in self._readers:
                    reader.put(progress.step_id, frame)

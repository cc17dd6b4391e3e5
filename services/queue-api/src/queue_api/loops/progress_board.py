"""Distributes live progress: one subscription per process, any number of WebSockets."""

from darkroom_queue import ProgressFeed, QueueClient

from queue_api.domain.messages import progress_frame
from queue_api.domain.progress import LatestProgress


class ProgressBoard:
    """Implements `ProgressSource` with one subscription to all progress channels."""

    def __init__(self, redis_client: QueueClient) -> None:
        self._client = redis_client
        self._readers: set[LatestProgress] = set()

    def subscribe(self) -> LatestProgress:
        reader = LatestProgress()
        self._readers.add(reader)
        return reader

    def unsubscribe(self, reader: LatestProgress) -> None:
        self._readers.discard(reader)

    async def run(self) -> None:
        """Receive progress until cancelled. Raises `RedisUnavailable`; a new run subscribes again."""
        async with ProgressFeed(self._client) as feed:
            await feed.add_all()
            async for progress in feed:
                frame = progress_frame(progress)
                for reader in self._readers:
                    reader.put(progress.step_id, frame)

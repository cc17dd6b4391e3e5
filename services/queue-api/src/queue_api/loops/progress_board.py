"""Live progress of every job, for any number of sockets: each gets the latest value of a job, never a backlog."""

import asyncio

from darkroom_queue import ProgressFeed, QueueUnavailable, RedisLink
from darkroom_schemas.ids import StepId

from queue_api.domain.messages import Message, progress_message

OUTAGE_PAUSE_S = 0.5


class LatestProgress:
    """One reader's view: the newest message of each step that it has not taken yet."""

    def __init__(self) -> None:
        self._latest: dict[StepId, Message] = {}
        self._news = asyncio.Event()

    def put(self, step_id: StepId, message: Message) -> None:
        """Replace whatever of this step was not taken yet."""
        self._latest[step_id] = message
        self._news.set()

    async def take(self) -> list[Message]:
        """Wait for news and return all of it."""
        await self._news.wait()
        self._news.clear()
        messages, self._latest = list(self._latest.values()), {}
        return messages


class ProgressBoard:
    """Listens to the progress channels once for the whole process."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._readers: set[LatestProgress] = set()

    def subscribe(self) -> LatestProgress:
        """Add a reader."""
        reader = LatestProgress()
        self._readers.add(reader)
        return reader

    def unsubscribe(self, reader: LatestProgress) -> None:
        """Remove a reader."""
        self._readers.discard(reader)

    async def run(self) -> None:
        """Listen for ever, through outages."""
        while True:
            try:
                async with ProgressFeed(self._link) as feed:
                    await feed.add_all()
                    async for progress in feed:
                        message = progress_message(progress)
                        for reader in self._readers:
                            reader.put(progress.step_id, message)
            except QueueUnavailable:
                await asyncio.sleep(OUTAGE_PAUSE_S)

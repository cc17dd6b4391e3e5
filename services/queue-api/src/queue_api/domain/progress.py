"""The newest progress of each running step, for one reader: never a backlog."""

import asyncio
from typing import Protocol

from darkroom_schemas.ids import StepId

from queue_api.domain.messages import Message


class LatestProgress:
    """One reader's view: the newest message of each step that it has not taken yet."""

    def __init__(self) -> None:
        self._latest: dict[StepId, Message] = {}
        self._news = asyncio.Event()

    def put(self, step_id: StepId, message: Message) -> None:
        """Replace whatever of this step was not taken yet; what came later is taken later."""
        self._latest.pop(step_id, None)
        self._latest[step_id] = message
        self._news.set()

    async def take(self) -> list[Message]:
        """Wait for news and return all of it."""
        await self._news.wait()
        self._news.clear()
        messages, self._latest = list(self._latest.values()), {}
        return messages


class ProgressSource(Protocol):
    """Tells every reader about the progress of all steps."""

    def subscribe(self) -> LatestProgress:
        """Add a reader."""
        ...

    def unsubscribe(self, reader: LatestProgress) -> None:
        """Remove a reader."""
        ...

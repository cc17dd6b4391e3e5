"""The latest progress of each running step, for one reader. Older progress is dropped, so there is no backlog."""

import asyncio
from typing import Protocol

from darkroom_schemas.ids import StepId

from queue_api.domain.messages import Message


class LatestProgress:
    """The latest message of each step that one reader has not received yet."""

    def __init__(self) -> None:
        self._latest: dict[StepId, Message] = {}
        self._changed = asyncio.Event()

    def put(self, step_id: StepId, message: Message) -> None:
        """Store a message, replacing the step's previous one. Messages are ordered by the time of their last update."""
        self._latest.pop(step_id, None)
        self._latest[step_id] = message
        self._changed.set()

    async def take(self) -> list[Message]:
        """Wait for new messages and return all of them."""
        await self._changed.wait()
        self._changed.clear()
        messages, self._latest = list(self._latest.values()), {}
        return messages


class ProgressSource(Protocol):
    """Sends the progress of all steps to every reader."""

    def subscribe(self) -> LatestProgress:
        """Add a reader."""
        ...

    def unsubscribe(self, reader: LatestProgress) -> None:
        """Remove a reader."""
        ...

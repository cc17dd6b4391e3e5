"""Frames that wait to be sent on one connection."""

import asyncio
from collections import deque
from collections.abc import Iterable

from queue_api.domain.frames import Frame

MAX_FRAMES = 1_000


class Overflowed(Exception):
    """The reader is too far behind."""


class FrameBuffer:
    """A bounded queue. A full one keeps what it has and raises at the next `take`."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._changed = asyncio.Event()
        self._overflowed = False

    def put(self, frames: Iterable[Frame]) -> None:
        """Append frames; returns at once."""
        for one in frames:
            if len(self._frames) >= MAX_FRAMES:
                self._overflowed = True
            else:
                self._frames.append(one)
        self._changed.set()

    async def take(self) -> list[Frame]:
        """Wait for frames and return all of them; raises Overflowed."""
        await self._changed.wait()
        self._changed.clear()
        if self._overflowed:
            raise Overflowed
        taken = list(self._frames)
        self._frames.clear()
        return taken

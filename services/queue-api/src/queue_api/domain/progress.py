"""The latest progress of each running step, for one reader. Older progress is dropped, so there is no backlog."""

import asyncio

from darkroom_schemas.ids import StepId

from queue_api.domain.frames import Frame


class LatestProgress:
    """The latest frame of each step that one reader has not received yet."""

    def __init__(self) -> None:
        self._latest: dict[StepId, Frame] = {}
        self._changed = asyncio.Event()

    def put(self, step_id: StepId, frame: Frame) -> None:
        """Store a frame, replacing the step's previous one. Frames are ordered by the time of their last update."""
        self._latest.pop(step_id, None)
        self._latest[step_id] = frame
        self._changed.set()

    async def take(self) -> list[Frame]:
        """Wait for new frames and return all of them."""
        await self._changed.wait()
        self._changed.clear()
        frames, self._latest = list(self._latest.values()), {}
        return frames

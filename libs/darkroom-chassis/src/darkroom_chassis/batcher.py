"""Batches concurrent calls: while one batch is in flight, later calls wait and form the next one (group commit)."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")
RunBatch = Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]]
"""Processes items and returns their answers in the same order; an exception is raised to every caller of the batch."""


class Batcher(Generic[Item, Answer]):
    """Runs one batch of at most `max_batch` items at a time for each lane. A call on an idle lane runs at once."""

    def __init__(self, run: RunBatch[Item, Answer], *, max_batch: int) -> None:
        self._run, self._max_batch = run, max_batch
        self._waiting: dict[Hashable, list[tuple[Item, asyncio.Future[Answer]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, lane: Hashable, item: Item) -> Answer:
        """Return the item's answer. A caller that is cancelled does not withdraw an item whose batch has begun."""
        if (waiting := self._waiting.get(lane)) is not None:
            future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            waiting.append((item, future))
            return await future
        self._waiting[lane] = []
        try:
            [answer] = await self._run([item])
        finally:
            self._run_next(lane)
        return answer

    def _run_next(self, lane: Hashable) -> None:
        """Begin the next batch of a lane, or mark the lane idle."""
        if not self._waiting[lane]:
            del self._waiting[lane]
            return
        task = asyncio.create_task(self._run_batch(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_batch(self, lane: Hashable) -> None:
        waiting = self._waiting[lane]
        batch = waiting[: self._max_batch]
        del waiting[: self._max_batch]
        try:
            answers = await self._run([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - raised to the callers
            for _, future in batch:
                if not future.done():  # its caller was not cancelled
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        finally:
            self._run_next(lane)

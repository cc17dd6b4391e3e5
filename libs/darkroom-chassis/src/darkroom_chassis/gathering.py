"""Questions that come while an earlier one is on its way, asked together next: they share a statement and a commit."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Ask = Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]
"""Answers questions in their order; what it raises is raised to all who asked."""


class Gathering(Generic[Question, Answer]):
    """Asks one bunch of at most `most` questions at a time for each topic. The first after a pause goes at once."""

    def __init__(self, ask: Ask[Question, Answer], *, most: int) -> None:
        self._ask, self._most = ask, most
        self._waiting: dict[Hashable, list[tuple[Question, asyncio.Future[Answer]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, topic: Hashable, question: Question) -> Answer:
        """Return the answer; who stops waiting for it may not have taken the question back."""
        if (waiting := self._waiting.get(topic)) is not None:
            future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            waiting.append((question, future))
            return await future
        self._waiting[topic] = []
        try:
            [answer] = await self._ask([question])
        finally:
            self._go_on(topic)
        return answer

    def _go_on(self, topic: Hashable) -> None:
        """Ask what came meanwhile."""
        if not self._waiting[topic]:
            del self._waiting[topic]
            return
        task = asyncio.create_task(self._ask_waiting(topic))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask_waiting(self, topic: Hashable) -> None:
        waiting = self._waiting[topic]
        asked = waiting[: self._most]
        del waiting[: self._most]
        try:
            answers = await self._ask([question for question, _ in asked])
        except Exception as error:  # noqa: BLE001 - it is the askers' to handle
            for _, future in asked:
                if not future.done():  # its asker was not cancelled
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(asked, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        finally:
            self._go_on(topic)

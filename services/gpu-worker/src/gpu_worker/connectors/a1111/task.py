"""Follows one request for an image in the server's only queue, and interrupts it, but never the work of others."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from gpu_worker.connectors.a1111.client import A1111Client, ServerState
from gpu_worker.connectors.server_faults import ServerFault

_LOOK_EVERY_S = 0.7


class Task:
    """One request, by the id that it was sent with.

    Servers that take ids say whether the task runs or waits. Of others only the work is known that runs now: it is
    this task's if nothing ran before the request, and only one piece of work has run since.
    """

    def __init__(self, client: A1111Client, task_id: str) -> None:
        self.id = task_id
        self._client = client
        self._free_before = False
        self._before: str | None = None
        self._seen: str | None = None
        self._own: str | None = None
        self._mixed = False
        self._knows_ids = False
        self._interrupted = False

    async def prepare(self) -> None:
        """Look what runs before the request is sent."""
        with suppress(ServerFault):
            before = await self._client.state()
            if before is not None:
                self._free_before, self._before = not before.busy, before.started

    async def follow(self, on_state: Callable[[ServerState], None], on_queued: Callable[[], None]) -> None:
        """Report what the server says about the task, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            with suppress(ServerFault):
                state = await self._client.state(with_image=True)
                if state is None:
                    return
                if await self._is_own(state):
                    self._own = state.started
                    self._interrupted |= state.interrupted
                    on_state(state)
                else:
                    on_queued()

    async def was_interrupted(self) -> bool:
        """Whether somebody interrupted the task, whose image is then unfinished. Asked once its answer has come."""
        if self._interrupted:
            return True
        with suppress(ServerFault):
            last = await self._client.state()
            if last is not None and last.interrupted and not last.busy:
                return last.started == self._own if self._own is not None else last.started != self._before
        return False

    async def cancel(self) -> bool:
        """Interrupt the task if it runs; True if it may still run later. Takes at most some seconds."""
        with suppress(ServerFault):
            known = await self._client.task(self.id)
            if known.known:
                self._knows_ids = True
                if known.active:
                    await self._client.interrupt()
                return known.queued
            state = await self._client.state()
            if state is not None and await self._is_own(state):
                await self._client.interrupt()
            return False
        return True

    async def _is_own(self, state: ServerState) -> bool:
        task = await self._client.task(self.id)
        self._knows_ids |= task.known
        if self._knows_ids:
            return task.active
        if state.busy:
            self._mixed |= self._seen not in (None, state.started)
            self._seen = state.started
        return state.busy and self._free_before and not self._mixed

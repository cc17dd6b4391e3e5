"""Cancels prompts of this worker, and no others; remembers those that a frozen server could not be asked to cancel."""

import asyncio

from darkroom_chassis.logs import get_logger

from gpu_worker.connectors.comfyui.client import ComfyClient
from gpu_worker.connectors.server_faults import ServerFault

log = get_logger(__name__)
CANCEL_S = 6.0
"""How long a cancellation may take: with what ends an attempt, less than the 8 s after which the worker gives it up."""
_REQUEST_S = 2.0
_PAUSE_S = 0.2
_MAX_ABANDONED = 200
_SIGHTINGS = 3
"""A prompt is forgotten once the server has answered so many times that it does not have it."""


class Cancellations:
    """Cancels prompts on one server."""

    def __init__(self, client: ComfyClient, *, cancel_s: float = CANCEL_S) -> None:
        self._client, self._cancel_s = client, cancel_s
        self._abandoned: dict[str, int] = {}
        self._sweep: asyncio.Task[None] | None = None

    async def cancel(self, prompt_id: str, *, sure: bool = True) -> None:
        """Cancel a prompt and wait until it is gone, for at most 6 s; otherwise remember it.

        `sure`: the server has confirmed the prompt. If not, it may still be on its way, and is remembered, too.
        """
        gone = await self._cancelled(prompt_id)
        if not gone or not sure:
            self._abandoned[prompt_id] = 0
        while len(self._abandoned) > _MAX_ABANDONED:
            del self._abandoned[next(iter(self._abandoned))]

    async def settle(self, prompt_id: str) -> bool:
        """Return whether the id of a prompt may be used again: cancels it if it is remembered, and forgets it."""
        if prompt_id not in self._abandoned:
            return True
        if self._sweep is not None:
            await asyncio.gather(self._sweep, return_exceptions=True)  # it might cancel the next prompt of this id
        gone = await self._cancelled(prompt_id)
        if gone:
            self._abandoned.pop(prompt_id, None)
        return gone

    def sweep(self) -> None:
        """Cancel what is remembered, in the background. Called whenever the server answers."""
        if self._abandoned and (self._sweep is None or self._sweep.done()):
            self._sweep = asyncio.create_task(self._cancel_all())

    async def close(self) -> None:
        """End the background task."""
        if self._sweep is not None:
            self._sweep.cancel()
            await asyncio.gather(self._sweep, return_exceptions=True)

    async def _cancelled(self, prompt_id: str) -> bool:
        """Cancel a prompt and wait until it is gone, for at most 6 s; return whether it is."""
        try:
            async with asyncio.timeout(self._cancel_s):
                while await self._cancel_once(prompt_id):  # noqa: ASYNC110 - the server sets no event
                    await asyncio.sleep(_PAUSE_S)
        except (ServerFault, TimeoutError) as problem:
            reason = str(problem) or "it is still running"
            log.warning(
                "A prompt could not be cancelled yet and is cancelled later", comfyui_id=prompt_id, reason=reason
            )
            return False
        return True

    async def _cancel_all(self) -> None:
        for prompt_id in list(self._abandoned):
            try:
                is_there = await self._cancel_once(prompt_id)
            except ServerFault:
                return
            absences = 0 if is_there else self._abandoned.get(prompt_id, 0) + 1
            if absences >= _SIGHTINGS:
                self._abandoned.pop(prompt_id, None)
            else:
                self._abandoned[prompt_id] = absences

    async def _cancel_once(self, prompt_id: str) -> bool:
        """Ask for the cancellation, and return whether the prompt was there.

        A bare interrupt would hit the prompt of any client, so it is sent only if the running prompt is this one.
        """
        queue = await self._client.queue(_REQUEST_S)
        if prompt_id in queue.pending:
            await self._client.delete(prompt_id, _REQUEST_S)
        if prompt_id in queue.running:
            await self._client.interrupt(prompt_id, _REQUEST_S)
        return prompt_id in queue

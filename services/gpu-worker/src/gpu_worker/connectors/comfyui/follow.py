"""Follows one prompt to its end, over lost connections and pauses of the server."""

import asyncio

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.connectors.comfyui.answers import Finished
from gpu_worker.connectors.comfyui.client import ComfyClient
from gpu_worker.connectors.comfyui.socket import EventSocket
from gpu_worker.connectors.comfyui.watch import PromptWatch
from gpu_worker.connectors.server_faults import ServerFault, Unreachable, failure_of
from gpu_worker.domain.failures import Failure

LOOK_EVERY_S = 5.0
"""How often the queue is asked although events arrive, in case that this socket's client id was taken over."""
LOOK_OFTEN_S = 1.0
"""How often it is asked about a prompt whose events may go to the socket of a lost worker."""
LOOK_SOON_S, LOOK_OFFLINE_S = 0.25, 1.0
SILENCE_S = 15.0
"""A socket that is silent for so long while the prompt runs is replaced by a new connection."""
PATIENCE_S = 30.0
"""How long a server may be away before the attempt fails. The watch of the back end usually stops it earlier."""


class Follower:
    """Waits for the ends of prompts on one server."""

    def __init__(self, client: ComfyClient, socket: EventSocket, *, patience_s: float = PATIENCE_S) -> None:
        self._client, self._socket, self._patience_s = client, socket, patience_s

    async def follow(self, prompt_id: str, watch: PromptWatch) -> Finished:
        """Return how the prompt ended; raises a retryable Failure if the server was away for long, or lost it."""
        clock = asyncio.get_running_loop().time
        answered_at = clock()
        while watch.finished is None:
            await watch.changed(self._pause_s(watch))
            if watch.finished is not None:
                break
            try:
                await self._look(prompt_id, watch)
                answered_at = clock()
            except ServerFault as fault:
                watch.must_look = True
                if clock() - answered_at > self._patience_s:
                    raise _gone(fault) from fault
        return watch.finished

    def _pause_s(self, watch: PromptWatch) -> float:
        if not self._socket.is_connected:
            return LOOK_OFFLINE_S
        if watch.must_look:
            return LOOK_SOON_S
        return LOOK_EVERY_S if watch.is_complete else LOOK_OFTEN_S

    async def _look(self, prompt_id: str, watch: PromptWatch) -> None:
        """Ask the queue, then the history: a prompt that is in neither, in this order, is not on the server."""
        if prompt_id in await self._client.queue():
            watch.must_look = False
            if self._socket.is_connected and self._socket.silent_s > SILENCE_S:
                await self._socket.renew()
            return
        finished = await self._client.history(prompt_id)
        if finished is None:
            message = "ComfyUI does not know the prompt any more: it was restarted, or someone removed the prompt"
            raise Failure(StepErrorCode.BACKEND, message, retryable=True)
        watch.end(finished)


def _gone(fault: ServerFault) -> Failure:
    failure = failure_of(fault)
    retryable = failure.retryable or isinstance(fault, Unreachable)
    return Failure(failure.code, failure.message, retryable=retryable)

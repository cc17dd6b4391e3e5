"""ComfyUI behind the Backend port."""

import time

from darkroom_queue import StopReason
from darkroom_schemas.remote_payloads import ComfyUIPayload
from darkroom_schemas.step import StepResult

from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.attempt import attempt
from gpu_worker.connectors.comfyui.discovery import discover
from gpu_worker.connectors.comfyui.graph import check_graph
from gpu_worker.connectors.comfyui.prompt import PromptAttempt
from gpu_worker.connectors.comfyui.server import Server
from gpu_worker.connectors.server_faults import readiness
from gpu_worker.connectors.step_payload import payload_of
from gpu_worker.connectors.stopping import unless_stopped
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Discovery
from gpu_worker.domain.ports import StepRun


class ComfyUIBackend:
    """Implements `Backend` for one ComfyUI server."""

    types = ("comfyui",)

    def __init__(self, entry: BackendEntry, tools: Tools) -> None:
        credential = None if entry.credential is None else tools.credentials[entry.credential]
        self._server = Server(entry, credential, tools.worker_id)
        self._storage = tools.storage

    async def ping(self) -> None:
        """Ask for the queue's length; raises ConnectorNotReady."""
        with readiness():
            await self._server.client.ping()
        self._server.cancellations.sweep()

    async def discover(self) -> Discovery:
        """Ask for models, nodes and devices; raises ConnectorNotReady. Opens the WebSocket."""
        with readiness():
            found = await discover(self._server.client)
        self._server.version = found.version
        self._server.socket.start()
        self._server.cancellations.sweep()
        return found

    async def run(self, run: StepRun) -> StepResult:
        """Run one attempt; raises Failure and Stopped.

        A prompt that has not ended by then is cancelled, unless the lease is lost: then another attempt may have
        continued it.
        """
        payload = payload_of(run, ComfyUIPayload)
        check_graph(payload.workflow)
        started = time.perf_counter()
        async with attempt(run, self._storage) as current:
            prompt = PromptAttempt(self._server, self._storage.store, current, payload)
            try:
                text, notes = await unless_stopped(run.stop, prompt.work())
            finally:
                if prompt.prompt_id is not None and run.stop_reason != StopReason.LOST:
                    await self._server.cancellations.cancel(prompt.prompt_id, sure=prompt.is_confirmed)
            timings = {"comfyui": round(time.perf_counter() - started, 3)}
            return await current.result(timings, text=text, notes=notes)

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()

"""A server with `/sdapi/v1` behind the Backend port."""

import time

from darkroom_schemas.loras import lora_model
from darkroom_schemas.remote_payloads import A1111Payload
from darkroom_schemas.step import StepResult

from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.a1111.abandoned import AbandonedTasks
from gpu_worker.connectors.a1111.checkpoints import titles
from gpu_worker.connectors.a1111.client import A1111Client
from gpu_worker.connectors.a1111.job import A1111Job
from gpu_worker.connectors.attempt import attempt
from gpu_worker.connectors.server_faults import ConnectionLost, Refused, readiness
from gpu_worker.connectors.session import ServerSession
from gpu_worker.connectors.step_payload import payload_of
from gpu_worker.connectors.stopping import unless_stopped
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Discovery
from gpu_worker.domain.failures import ConnectorNotReady
from gpu_worker.domain.ports import StepRun

_SILENT_AT_WORK_S = 60.0


class A1111Backend:
    """Serves `a1111`."""

    types = ("a1111",)

    def __init__(self, entry: BackendEntry, tools: Tools) -> None:
        credential = None if entry.credential is None else tools.credentials[entry.credential]
        self._entry, self._storage = entry, tools.storage
        self._session = ServerSession(entry.url or "", credential)
        self._client = A1111Client(self._session)
        self._abandoned = AbandonedTasks(self._client)
        self._running, self._answered_at = 0, 0.0

    async def ping(self) -> None:
        """Ask what the server works on, or for its models if it does not say; raises ConnectorNotReady.

        While it works for us it may be silent for a minute: it answers nothing while it loads some models.
        """
        with readiness():
            try:
                if await self._client.state() is None:
                    await self._client.checkpoints()
                self._answered_at = time.monotonic()
                await self._abandoned.sweep()
            except ConnectionLost:
                if not self._running or time.monotonic() - self._answered_at > _SILENT_AT_WORK_S:
                    raise

    async def discover(self) -> Discovery:
        """Ask for models and memory; raises ConnectorNotReady."""
        self._client.forget_missing()
        with readiness():
            try:
                checkpoints = await self._client.checkpoints()
            except Refused as refused:
                if refused.status == 404:
                    raise ConnectorNotReady("it has no /sdapi/v1: start it with --api") from refused
                raise
            loras = await self._client.loras()
            vram_bytes, free_vram_bytes = await self._client.vram_bytes()
        models = (*titles(checkpoints), *map(lora_model, loras))
        return Discovery(models=tuple(sorted(set(models))), vram_bytes=vram_bytes, free_vram_bytes=free_vram_bytes)

    async def run(self, run: StepRun) -> StepResult:
        """Run one attempt; raises Failure, and Stopped after a stop request.

        A request that has no answer by then is interrupted if it runs, and as soon as it runs if it waits.
        """
        started = time.perf_counter()
        payload = payload_of(run, A1111Payload)
        async with attempt(run, self._storage) as current:
            job = A1111Job(self._entry, self._client, self._storage.store, current, payload)
            self._running += 1
            try:
                await unless_stopped(run.stop, job.perform())
            finally:
                self._running -= 1
                if job.unfinished is not None and await job.unfinished.cancel():
                    self._abandoned.add(job.unfinished.id)
            return await current.result({"a1111": round(time.perf_counter() - started, 3)})

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

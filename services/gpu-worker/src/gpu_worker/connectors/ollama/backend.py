"""An Ollama server behind the Backend port."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from darkroom_schemas.remote_payloads import ChatPayload
from darkroom_schemas.step import StepResult

from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.allowed_models import require_allowed
from gpu_worker.connectors.attempt import attempt
from gpu_worker.connectors.meter import Meter
from gpu_worker.connectors.ollama.chat import complete, ollama_failure
from gpu_worker.connectors.patience import patiently
from gpu_worker.connectors.result_text import result_text
from gpu_worker.connectors.server_faults import ServerFault, readiness
from gpu_worker.connectors.session import ServerSession
from gpu_worker.connectors.step_payload import payload_of
from gpu_worker.connectors.stopping import unless_stopped
from gpu_worker.connectors.tools import Tools
from gpu_worker.connectors.written_text import WrittenText
from gpu_worker.domain.backend import Discovery
from gpu_worker.domain.ports import StepRun

_MAX_MODELS = 1000
_PING_TIMEOUT_S = 3.0
_LATEST = ":latest"


class OllamaBackend:
    """Serves `ollama_chat`."""

    types = ("ollama_chat",)

    def __init__(self, entry: BackendEntry, tools: Tools) -> None:
        credential = None if entry.credential is None else tools.credentials[entry.credential]
        self._entry, self._storage = entry, tools.storage
        self._session = ServerSession(entry.url or "", credential)

    async def ping(self) -> None:
        """Ask for the version; raises ConnectorNotReady."""
        with readiness():
            await self._version()

    async def discover(self) -> Discovery:
        """Return version and models, `name:latest` also as `name`; raises ConnectorNotReady."""
        with readiness():
            body = await self._session.json("GET", "/api/tags")
            return Discovery(version=await self._version(), models=tuple(sorted(set(_names(body))))[:_MAX_MODELS])

    async def run(self, run: StepRun) -> StepResult:
        """Run one attempt; raises Failure, and Stopped after a stop request."""
        started = time.perf_counter()
        payload = payload_of(run, ChatPayload)
        require_allowed(self._entry, payload.model, "model")
        meter = Meter(run)
        written = WrittenText(meter, payload.max_tokens)
        async with attempt(run, self._storage) as current:
            try:
                notes = await unless_stopped(
                    run.stop, patiently(run, meter, partial(complete, self._session, payload, written))
                )
            except ServerFault as fault:
                raise ollama_failure(fault, payload.model) from fault
            timings = {"ollama": round(time.perf_counter() - started, 3)}
            return await current.result(timings, text=result_text(written.text), notes=notes)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _version(self) -> str | None:
        body = await self._session.json("GET", "/api/version", timeout_s=_PING_TIMEOUT_S)
        version = body.get("version") if isinstance(body, dict) else None
        return version if isinstance(version, str) else None


def _names(body: Any) -> Iterator[str]:
    models = body.get("models") if isinstance(body, dict) else None
    for model in models if isinstance(models, list) else ():
        name = model.get("name") if isinstance(model, dict) else None
        if isinstance(name, str):
            yield name
            if name.endswith(_LATEST):
                yield name.removesuffix(_LATEST)

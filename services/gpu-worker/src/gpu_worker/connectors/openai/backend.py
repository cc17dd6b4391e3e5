"""A server that speaks OpenAI's API behind the Backend port."""

import time
from functools import partial
from typing import Any

import aiohttp
from darkroom_outbound import GuardedClient
from darkroom_schemas.remote_payloads import ChatPayload, OpenAIImagePayload
from darkroom_schemas.step import StepResult

from gpu_worker.backends.entry import BackendEntry, usual_url
from gpu_worker.connectors.allowed_models import require_allowed
from gpu_worker.connectors.attempt import attempt
from gpu_worker.connectors.meter import Meter
from gpu_worker.connectors.once import Once
from gpu_worker.connectors.openai.chat import Reply, complete
from gpu_worker.connectors.openai.failures import is_hopeless, openai_failure
from gpu_worker.connectors.openai.image_job import ImageJob
from gpu_worker.connectors.paced_ping import PacedPing
from gpu_worker.connectors.patience import patiently
from gpu_worker.connectors.result_text import result_text
from gpu_worker.connectors.served_types import served_types
from gpu_worker.connectors.server_faults import ServerFault, readiness
from gpu_worker.connectors.session import CONNECT_TIMEOUT_S, USER_AGENT, ServerSession
from gpu_worker.connectors.step_payload import payload_of
from gpu_worker.connectors.stopping import unless_stopped
from gpu_worker.connectors.tools import Tools
from gpu_worker.connectors.written_text import WrittenText
from gpu_worker.domain.backend import Discovery
from gpu_worker.domain.ports import StepRun

CHAT, IMAGE = "openai_chat", "openai_image"
_MAX_MODELS = 1000
_SILENCE_S = 60.0


class OpenAIBackend:
    """Serves `openai_chat` and `openai_image`.

    A request with a credential may be charged, so it is not repeated if the server may have received it.
    """

    def __init__(self, entry: BackendEntry, tools: Tools) -> None:
        self._entry, self._tools = entry, tools
        url = entry.url or ""
        credential = None if entry.credential is None else tools.credentials[entry.credential]
        self.types = served_types(entry, (CHAT, IMAGE), (CHAT, IMAGE) if url == usual_url(entry.type) else (CHAT,))
        self._repeatable = credential is None
        self._session = ServerSession(url, credential)
        self._guarded = GuardedClient(
            tools.outbound,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=_SILENCE_S),
            headers={"User-Agent": USER_AGENT},
        )
        self._ping = PacedPing(url, self._models)

    async def ping(self) -> None:
        """Ask for the models; raises ConnectorNotReady."""
        with readiness():
            await self._ping()

    async def discover(self) -> Discovery:
        """Return the models; raises ConnectorNotReady."""
        with readiness():
            return Discovery(models=await self._models())

    async def run(self, run: StepRun) -> StepResult:
        """Run one attempt; raises Failure, and Stopped after a stop request."""
        return await (self._chat(run) if run.step.requirements.type == CHAT else self._images(run))

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()
        await self._guarded.close()

    async def _models(self) -> tuple[str, ...]:
        body = await self._session.json("GET", "/models")
        entries: Any = body.get("data") if isinstance(body, dict) else None
        found = [entry.get("id") for entry in entries or () if isinstance(entry, dict)]
        return tuple(sorted(name for name in found if isinstance(name, str)))[:_MAX_MODELS]

    async def _chat(self, run: StepRun) -> StepResult:
        started = time.perf_counter()
        payload = payload_of(run, ChatPayload)
        require_allowed(self._entry, payload.model, "model")
        meter, once = Meter(run), Once(run, applies=not self._repeatable)

        async def work() -> Reply:
            written = WrittenText(meter, payload.max_tokens)
            send = partial(once.send, partial(complete, self._session, payload, written))
            return await patiently(run, meter, send, hopeless=is_hopeless)

        with once:
            async with attempt(run, self._tools.storage) as current:
                try:
                    reply = await unless_stopped(run.stop, work())
                except ServerFault as fault:
                    raise openai_failure(fault, payload.model, repeatable=self._repeatable) from fault
                timings = {"openai": round(time.perf_counter() - started, 3)}
                return await current.result(timings, text=result_text(reply.text), notes=reply.notes)

    async def _images(self, run: StepRun) -> StepResult:
        started = time.perf_counter()
        payload = payload_of(run, OpenAIImagePayload)
        require_allowed(self._entry, payload.model, "model")
        with Once(run, applies=not self._repeatable) as once:
            async with attempt(run, self._tools.storage) as current:
                job = ImageJob(self._entry, self._session, self._guarded, payload, once, current)
                try:
                    await unless_stopped(run.stop, job.perform())
                except ServerFault as fault:
                    raise openai_failure(fault, payload.model, repeatable=self._repeatable) from fault
                return await current.result({"openai": round(time.perf_counter() - started, 3)})

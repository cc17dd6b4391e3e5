"""The back end `http`: it has no server of its own, and so is always there."""

import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
from darkroom_outbound import GuardedClient
from darkroom_schemas.remote_payloads import SAFE_METHODS, FetchPayload
from darkroom_schemas.step import StepResult

from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.attempt import attempt
from gpu_worker.connectors.http.job import FetchJob
from gpu_worker.connectors.http.requests import FetchRequests
from gpu_worker.connectors.once import Once
from gpu_worker.connectors.recipes import backend_recipe
from gpu_worker.connectors.result_text import result_text
from gpu_worker.connectors.session import CONNECT_TIMEOUT_S, USER_AGENT
from gpu_worker.connectors.step_payload import payload_of
from gpu_worker.connectors.stopping import unless_stopped
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Discovery
from gpu_worker.domain.failures import Stopped
from gpu_worker.domain.ports import StepRun

_SILENCE_S = 300.0
"""How long a server may send nothing."""


class HttpBackend:
    """Serves `fetch_api`. Each request has a connection of its own, so that it is certain whether one was received."""

    types = ("fetch_api",)

    def __init__(self, entry: BackendEntry, tools: Tools) -> None:
        self._entry, self._tools = entry, tools
        self._client = GuardedClient(
            tools.outbound,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=_SILENCE_S),
            connections=0,
            keep_alive=False,
            headers={"User-Agent": USER_AGENT},
        )

    async def ping(self) -> None:
        """Return at once: there is no server to ask."""

    async def discover(self) -> Discovery:
        """Return an empty offer."""
        return Discovery()

    async def run(self, run: StepRun) -> StepResult:
        """Carry out a job; raises Failure, and Stopped after a stop request."""
        started = time.perf_counter()
        payload = payload_of(run, FetchPayload)
        requests = FetchRequests(self._client, payload, self._tools.credentials)
        once = Once(run, applies=payload.method not in SAFE_METHODS)
        with once:
            async with attempt(run, self._tools.storage) as current:
                recipe = backend_recipe(self._entry, _recorded(payload))
                job = FetchJob(payload, requests, once, current, recipe)
                try:
                    text = await unless_stopped(run.stop, job.perform())
                except Stopped:
                    await job.cancel()
                    raise
                text = None if text is None else result_text(text)
                timings = {"fetch": round(time.perf_counter() - started, 3)}
                return await current.result(timings, text=text, notes=job.notes)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _recorded(payload: FetchPayload) -> dict[str, object]:
    """Return the request for the recipe: without headers, and without values of queries, which may be secrets."""
    recorded = payload.model_dump(mode="json", include={"body", "select", "poll"}, exclude_unset=True)
    if payload.poll is not None:
        recorded["poll"]["url"] = _without_values(payload.poll.url)
        if payload.poll.cancel is not None:
            recorded["poll"]["cancel"]["url"] = _without_values(payload.poll.cancel.url)
    return {"method": payload.method, "url": _without_values(payload.url)} | recorded


def _without_values(url: str) -> str:
    parts = urlsplit(url)
    query = urlencode([(name, "*") for name, _ in parse_qsl(parts.query, keep_blank_values=True)], safe="*")
    return parts._replace(query=query, fragment="").geturl()

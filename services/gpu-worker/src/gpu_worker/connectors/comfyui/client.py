"""ComfyUI's HTTP routes."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from darkroom_outbound.retry_after import parse_retry_after

from gpu_worker.connectors.answers import read_json, read_refusal
from gpu_worker.connectors.comfyui.answers import Finished, PromptQueue, read_history, read_queue
from gpu_worker.connectors.comfyui.graph import Graph
from gpu_worker.connectors.server_faults import BadAnswer, Refused
from gpu_worker.connectors.session import ServerSession, translated

PING_TIMEOUT_S = 3.0
LOOK_TIMEOUT_S = 5.0
POST_TIMEOUT_S = 30.0
TRANSFER_SILENCE_S = 30.0
"""How long the server may send nothing of a file."""


@dataclass(frozen=True, slots=True)
class ServerFile:
    """A file on the server, by the names that it uses. `kind` is `output`, `temp` or `input`."""

    name: str
    subfolder: str
    kind: str


class ComfyClient:
    """Requests to one server. All methods raise ServerFault."""

    def __init__(self, session: ServerSession) -> None:
        self._session = session

    async def ping(self) -> None:
        """Ask for the length of the queue, the cheapest route."""
        await self._session.json("GET", "/prompt", timeout_s=PING_TIMEOUT_S)

    async def system_stats(self) -> Any:
        """Return version and devices."""
        return await self._session.json("GET", "/system_stats", timeout_s=LOOK_TIMEOUT_S)

    async def object_info(self) -> Any:
        """Return the descriptions of all node classes."""
        return await self._session.json("GET", "/object_info")

    async def models(self, folder: str) -> Any:
        """Return the files of a folder of models."""
        return await self._session.json("GET", f"/models/{folder}", timeout_s=LOOK_TIMEOUT_S)

    async def queue(self, timeout_s: float = LOOK_TIMEOUT_S) -> PromptQueue:
        """Return the prompts that run and wait."""
        return read_queue(await self._session.json("GET", "/queue", timeout_s=timeout_s))

    async def history(self, prompt_id: str) -> Finished | None:
        """Return how a prompt ended; None if the server does not know it or it has not ended."""
        body = await self._session.json("GET", f"/history/{prompt_id}", timeout_s=LOOK_TIMEOUT_S)
        return read_history(body, prompt_id)

    async def post(self, graph: Graph, prompt_id: str, client_id: str) -> Mapping[str, Any]:
        """Queue a prompt and return `node_errors`, which is empty for a valid graph.

        Raises Refused with the whole body for an invalid one: `/prompt` lists every model that is a valid choice.
        """
        body = json.dumps({"prompt": graph, "prompt_id": prompt_id, "client_id": client_id}).encode()
        headers = {"Content-Type": "application/json"}
        async with self._request("POST", "/prompt", POST_TIMEOUT_S, data=body, headers=headers) as answer:
            if answer.status == 400:
                raise Refused(400, "", await read_json(answer), None)
            await _require_success(answer)
            accepted = await read_json(answer)
        if not isinstance(accepted, dict) or not isinstance(accepted.get("prompt_id"), str):
            raise BadAnswer("The back end's answer to a prompt has no prompt_id")
        if accepted["prompt_id"] != prompt_id:
            await self.delete(accepted["prompt_id"], LOOK_TIMEOUT_S)
            raise BadAnswer("This release of ComfyUI chooses the ids of prompts itself; update it")
        errors = accepted.get("node_errors")
        return errors if isinstance(errors, dict) else {}

    async def delete(self, prompt_id: str, timeout_s: float) -> None:
        """Remove a prompt that waits; does nothing if it does not wait."""
        await self._send("/queue", {"delete": [prompt_id]}, timeout_s)

    async def interrupt(self, prompt_id: str, timeout_s: float) -> None:
        """Interrupt a prompt if it is the running one."""
        await self._send("/interrupt", {"prompt_id": prompt_id}, timeout_s)

    async def upload(self, path: Path, name: str, subfolder: str, mime_type: str) -> str:
        """Upload an input file and return the name by which graphs refer to it. Nothing is overwritten."""
        with path.open("rb") as file:
            form = aiohttp.FormData({"subfolder": subfolder, "overwrite": "false", "type": "input"})
            form.add_field("image", file, filename=name, content_type=mime_type)
            async with self._session.open(
                "POST", "/upload/image", data=form, timeout_s=None, silence_s=TRANSFER_SILENCE_S
            ) as answer:
                stored = await read_json(answer)
        if not isinstance(stored, dict) or not isinstance(stored.get("name"), str):
            raise BadAnswer("The back end's answer to an upload has no name")
        folder = stored.get("subfolder")
        return f"{folder}/{stored['name']}" if isinstance(folder, str) and folder else str(stored["name"])

    @asynccontextmanager
    async def view(self, file: ServerFile) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open a file of the server for its bytes to be read."""
        params = {"filename": file.name, "subfolder": file.subfolder, "type": file.kind}
        async with self._session.open(
            "GET", "/view", params=params, timeout_s=None, silence_s=TRANSFER_SILENCE_S
        ) as answer:
            yield answer

    async def _send(self, path: str, body: Any, timeout_s: float) -> None:
        async with self._session.open("POST", path, json=body, timeout_s=timeout_s):
            """The answer has no body."""

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, timeout_s: float, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        async with (
            translated(),
            self._session.client.request(
                method, self._session.url(path), timeout=timeout, allow_redirects=False, **options
            ) as answer,
        ):
            yield answer


async def _require_success(answer: aiohttp.ClientResponse) -> None:
    if answer.status >= 300:
        detail, body = await read_refusal(answer)
        retry_after_s = parse_retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
        raise Refused(answer.status, detail, body, retry_after_s)

"""A server with the routes of Ollama's API that its documentation describes."""

import json
from collections.abc import Iterable
from typing import Any

from aiohttp import web
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.backends.entry import BackendType

from .answering_peer import AnsweringPeer
from .suite import Subject


class OllamaPeer(AnsweringPeer):
    """Has the model `small:latest`, and no route that pulls another one."""

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.get("/api/version", self._version),
            web.get("/api/tags", self._tags),
            web.post("/api/chat", self._chat),
        ]

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "0.12.6"})

    async def _tags(self, request: web.Request) -> web.Response:
        return web.json_response({"models": [{"name": "small:latest", "size": 270_000_000}]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["model"] not in ("small", "small:latest"):
            return web.json_response({"error": f"model '{body['model']}' not found"}, status=404)
        answer = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        async with self.work():
            await answer.prepare(request)
            for word in ("A ", "small ", "boat."):
                await send(answer, {"model": "small", "message": {"role": "assistant", "content": word}, "done": False})
            await send(
                answer,
                {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop", "eval_count": 3},
            )
        return answer


async def send(answer: web.StreamResponse, line: Any) -> None:
    """Send a line of JSON."""
    await answer.write(json.dumps(line).encode() + b"\n")


OLLAMA = Subject(
    type=BackendType.OLLAMA,
    make_peer=OllamaPeer,
    job_type="ollama_chat",
    job={"model": "small", "messages": [{"role": "user", "content": "Describe it."}], "seed": 2**64 - 1},
    bad_job={"model": "missing", "messages": [{"role": "user", "content": "Describe it."}]},
    bad_code=StepErrorCode.MODEL_UNAVAILABLE,
    bad_words=("missing",),
    models=("small", "small:latest"),
)

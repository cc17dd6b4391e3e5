"""A server with the routes of OpenAI's API that its reference describes: models, chat completions, images."""

import base64
import json
from collections.abc import Iterable
from typing import Any

from aiohttp import web
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.backends.entry import BackendType

from .answering_peer import AnsweringPeer, picture
from .suite import Subject

WORDS = ("A ", "small ", "boat.")


class OpenAIPeer(AnsweringPeer):
    """Has the models `small` and `painter`."""

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.get("/models", self._models),
            web.post("/chat/completions", self._chat),
            web.post("/images/generations", self._images),
        ]

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name} for name in ("small", "painter")]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["model"] != "small":
            return refusal(404, f"The model `{body['model']}` does not exist", code="model_not_found")
        assert body["stream"] is True
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        async with self.work():
            await answer.prepare(request)
            await send(answer, {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
            for word in WORDS:
                await send(answer, {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
            await send(answer, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            await answer.write(b"data: [DONE]\n\n")
        return answer

    async def _images(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "forbidden" in body["prompt"]:
            return refusal(400, "Your request was rejected by our safety system.", code="content_policy_violation")
        assert body["n"] == 1
        async with self.work():
            image = base64.b64encode(picture()).decode()
            return await self.send_json(request, {"created": 1, "data": [{"b64_json": image}]})

    async def send_json(self, request: web.Request, body: Any) -> web.StreamResponse:
        """Answer with JSON, or with the beginning of JSON without an end."""
        if not self.endless:
            return web.json_response(body)
        return await self.send_file(request, b'{"data": [{"b64_json": "' + b"A" * 100_000, "application/json")


async def send(answer: web.StreamResponse, event: Any) -> None:
    """Send a server-sent event."""
    await answer.write(f"data: {json.dumps(event)}\n\n".encode())


def refusal(status: int, message: str, *, code: str | None = None, param: str | None = None) -> web.Response:
    """Return an error as OpenAI's."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return web.json_response({"error": error}, status=status)


CHAT = Subject(
    type=BackendType.OPENAI,
    make_peer=OpenAIPeer,
    job_type="openai_chat",
    job={"model": "small", "messages": [{"role": "user", "content": "Describe it."}], "max_tokens": 10},
    bad_job={"model": "missing", "messages": [{"role": "user", "content": "Describe it."}]},
    bad_code=StepErrorCode.MODEL_UNAVAILABLE,
    bad_words=("missing",),
    models=("small", "painter"),
    repeatable=False,
)
IMAGE = Subject(
    type=BackendType.OPENAI,
    make_peer=OpenAIPeer,
    job_type="openai_image",
    entry={"types": ["openai_image"]},
    job={
        "model": "painter",
        "prompt": "a boat",
        "count": 2,
        "size": "1024x1024",
        "bucket": "b",
        "max_bytes": 1_000_000,
    },
    outputs=("image/png", "image/png"),
    bad_job={"model": "painter", "prompt": "forbidden", "bucket": "b", "max_bytes": 1_000_000},
    bad_words=("safety system",),
    models=("painter",),
    repeatable=False,
)

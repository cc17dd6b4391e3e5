"""The server of the example in docs/adding-a-connector.md."""

from collections.abc import Iterable

from aiohttp import web
from gpu_worker.backends.entry import BackendType

from .answering_peer import AnsweringPeer, picture
from .example_connector import DrawBackend
from .suite import Subject


class DrawPeer(AnsweringPeer):
    """Draws a picture for each request."""

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.get("/models", self._models), web.post("/draw", self._draw)]

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response(["oil", "ink"])

    async def _draw(self, request: web.Request) -> web.StreamResponse:
        if "forbidden" in (await request.json())["prompt"]:
            return web.json_response({"message": "prompt: has a forbidden word"}, status=422)
        async with self.work():
            return await self.send_file(request, picture(), "image/png")


EXAMPLE = Subject(
    type=BackendType.A1111,
    make_peer=DrawPeer,
    build=DrawBackend,
    name=" of the example",
    job_type="a1111",
    job={"prompt": "a boat", "seeds": [1, 2], "bucket": "b", "max_bytes": 1_000_000},
    outputs=("image/png", "image/png"),
    bad_job={"prompt": "forbidden", "seeds": [1], "bucket": "b", "max_bytes": 1_000_000},
    bad_words=("prompt", "forbidden word"),
    models=("oil", "ink"),
)

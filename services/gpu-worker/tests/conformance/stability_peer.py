"""A server with the routes of the Stability API that its reference describes."""

from collections.abc import Iterable

from aiohttp import web
from gpu_worker.backends.entry import BackendType

from .answering_peer import AnsweringPeer, picture
from .suite import Subject


class StabilityPeer(AnsweringPeer):
    """Answers with an image as bytes, and the seed in a header."""

    def routes(self) -> Iterable[web.RouteDef]:
        return [
            web.get("/v1/user/balance", self._balance),
            web.post("/v2beta/stable-image/generate/{service:core|ultra|sd3}", self._generate),
        ]

    async def _balance(self, request: web.Request) -> web.Response:
        return web.json_response({"credits": 25.0})

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "multipart/form-data":
            return refusal(400, "bad_request", "content-type: must be multipart/form-data")
        form = await request.post()
        if "forbidden" in str(form["prompt"]):
            return refusal(403, "content_moderation", "Your request was flagged by our content moderation system")
        if request.headers["Accept"] != "image/*":
            return refusal(400, "bad_request", "accept: must be image/* or application/json")
        async with self.work():
            answer = await self.send_file(request, picture(), "image/png")
            answer.headers.update({"seed": str(form.get("seed", 343940597)), "finish-reason": "SUCCESS"})
            return answer


def refusal(status: int, name: str, sentence: str) -> web.Response:
    """Return an error as the service's."""
    return web.json_response({"id": "a3fd", "name": name, "errors": [sentence]}, status=status)


STABILITY = Subject(
    type=BackendType.STABILITY,
    make_peer=StabilityPeer,
    job_type="stability_api",
    job={"service": "ultra", "prompt": "a boat", "negative_prompt": "fog", "bucket": "b", "max_bytes": 1_000_000},
    outputs=("image/png",),
    bad_job={"prompt": "forbidden", "bucket": "b", "max_bytes": 1_000_000},
    bad_words=("content moderation",),
    models=("core", "ultra", "sd3"),
    repeatable=False,
)

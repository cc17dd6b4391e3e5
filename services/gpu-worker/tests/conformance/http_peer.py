"""A server as `fetch_api` jobs call them."""

from collections.abc import Iterable

from aiohttp import web
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.backends.entry import BackendType

from .answering_peer import AnsweringPeer, picture
from .suite import CREDENTIAL, Subject


class HttpPeer(AnsweringPeer):
    """Answers a POST with JSON, and a GET with a picture."""

    def routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/caption", self._caption), web.get("/picture", self._picture)]

    async def _caption(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        async with self.work():
            return web.json_response({"data": [{"caption": f"a picture of {body['subject']}"}]})

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        async with self.work():
            return await self.send_file(request, picture(), "image/png")


CAPTION = Subject(
    type=BackendType.HTTP,
    make_peer=HttpPeer,
    job_type="fetch_api",
    job={
        "url": "{peer}/caption",
        "method": "POST",
        "body": {"subject": "a boat"},
        "select": "data.0.caption",
        "credential": CREDENTIAL,
    },
    bad_job={"url": "http://10.0.0.1/"},
    bad_code=StepErrorCode.INVALID_PAYLOAD,
    bad_words=("url", "not public"),
    has_server=False,
    repeatable=False,
)
PICTURE = Subject(
    type=BackendType.HTTP,
    make_peer=HttpPeer,
    job_type="fetch_api",
    job={"url": "{peer}/picture?token=x", "credential": CREDENTIAL},
    outputs=("image/png",),
    bad_job={"url": "{peer}/picture", "headers": {"Host": "example.com"}},
    bad_words=("headers.Host",),
    has_server=False,
)

"""A fast route behaves as FastAPI would, or fails at import."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from platform_api.http.fast_path import FastRoute
from pydantic import BaseModel
from starlette.types import Message


class Body(BaseModel):
    text: str


ABSENT = Body(text="absent")


async def refuse() -> None:
    raise AssertionError("never asked")


async def answer(body: Body) -> Response:
    return Response(body.text)


async def with_a_default(body: Body = ABSENT) -> Response:
    return Response(body.text)


async def with_a_typed_header(number: Annotated[int | None, Header(alias="X-Number")] = None) -> Response:
    return Response(str(number))


async def with_a_header_default(name: Annotated[str | None, Header(alias="X-Name")] = "anna") -> Response:
    return Response(name)


async def with_a_required_header(name: Annotated[str, Header(alias="X-Name")]) -> Response:
    return Response(name)


async def with_a_dependency(nothing: Annotated[None, Depends(refuse)]) -> Response:
    return Response(str(nothing))


async def with_a_query(page: Annotated[int, Query()] = 1) -> Response:
    return Response(str(page))


async def with_two_bodies(first: Body, second: Body) -> Response:
    return Response(first.text + second.text)


async def with_the_request(request: Request) -> Response:
    return Response(request.url.path)


async def without_a_response(body: Body) -> Body:
    return body


@pytest.mark.parametrize(
    "endpoint",
    [
        with_a_default, with_a_typed_header, with_a_header_default, with_a_required_header, with_a_dependency,
        with_a_query, with_two_bodies, with_the_request, without_a_response,
    ],
)  # fmt: skip
def test_what_it_cannot_reproduce_fails_at_import(endpoint: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="/path: a fast route"):
        APIRouter(route_class=FastRoute).post("/path")(endpoint)


def test_a_route_with_dependencies_fails_at_import() -> None:
    with pytest.raises(TypeError, match="no dependencies"):
        APIRouter(route_class=FastRoute).post("/path", dependencies=[Depends(refuse)])(answer)


async def test_a_client_that_hangs_up_is_no_server_error() -> None:
    router, app = APIRouter(route_class=FastRoute), FastAPI()
    router.post("/path")(answer)
    app.include_router(router)
    app.state.context = None
    received: Iterator[Message] = iter(
        [{"type": "http.request", "body": b'{"text"', "more_body": True}, {"type": "http.disconnect"}]
    )
    statuses: list[int] = []

    async def receive() -> Message:
        return next(received)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "method": "POST", "path": "/path", "query_string": b"", "headers": [], "root_path": "",
        "http_version": "1.1", "scheme": "http", "server": ("test", 80), "client": ("test", 1),
    }  # fmt: skip
    await app(scope, receive, send)
    assert statuses == [400]

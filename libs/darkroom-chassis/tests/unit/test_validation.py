"""How wrong requests are explained: field, value, and what would be right, never more than the request can bear."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

import httpx
import pytest
from darkroom_chassis.service import create_app
from darkroom_schemas.base import Request as RequestModel
from darkroom_schemas.fields import Line, Text
from fastapi import FastAPI, Query, WebSocket
from pydantic import AwareDatetime, Field, SecretStr
from support.http_server import served
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


class Metadata(RequestModel):
    prompt: Annotated[Text, Field(max_length=10)] = ""
    steps: Annotated[int, Field(ge=1, le=150)] = 20
    guidance_scale: float = 7
    sampler: Literal["Euler", "DDIM"] = "Euler"
    URL: Annotated[str, Field(pattern="^https://")] = "https://x"
    at: AwareDatetime | None = None


class Body(RequestModel):
    name: Line
    metadata: Metadata = Metadata()
    more: list[Metadata] = Field(default_factory=list, max_length=3)
    numbers: list[int] = Field(default_factory=list)
    password: Annotated[SecretStr, Field(min_length=3)] = SecretStr("xxxx")


def make_app() -> FastAPI:
    app = create_app("test", "0", max_body_bytes=300_000, body_limits={"/login": 100})

    @app.post("/things")
    async def things(body: Body) -> str:
        return body.name

    @app.post("/login")
    async def login(body: Body) -> str:
        return body.name

    @app.get("/list")
    async def listed(limit: Annotated[int, Query(le=200)] = 50, since: datetime | None = None) -> str:
        return f"{limit} {since}"

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        raise RuntimeError(await socket.receive_text())

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "name", "is required"),
        ({"name": 7}, "name", "must be a string"),
        ({"name": ""}, "name", "must have at least 1 character"),
        ({"name": "a\0"}, "name", "must not contain the character U+0000"),
        ({"name": "x", "metadata": {"prompt": "p" * 11}}, "metadata.prompt", "must have at most 10 characters"),
        ({"name": "x", "metadata": {"steps": 400}}, "metadata.steps", "must be at most 150, not 400"),
        ({"name": "x", "metadata": {"steps": "many"}}, "metadata.steps", 'must be a whole number, not "many"'),
        ({"name": "x", "metadata": {"sampler": 1}}, "metadata.sampler", "must be one of 'Euler' or 'DDIM', not 1"),
        ({"name": "x", "metadata": {"URL": "ftp://y"}}, "metadata.URL", 'must match ^https://, not "ftp://y"'),
        (
            {"name": "x", "metadata": {"at": "2026-01-31T12:00:00"}},
            "metadata.at",
            'must have a time zone, as in 2026-01-31T12:00:00Z, not "2026-01-31T12:00:00"',
        ),
        ({"name": "x", "metadata": []}, "metadata", "must be an object"),
        ({"name": "x", "metadata": {"promt": "a"}}, "metadata.promt", "is not a known field; did you mean `prompt`?"),
        ({"name": "x", "more": [{"stepz": 1}]}, "more.0.stepz", "is not a known field; did you mean `steps`?"),
        (
            {"name": "x", "zzz": 1},
            "zzz",
            "is not a known field; known are `name`, `metadata`, `more`, `numbers`, `password`",
        ),
        ({"name": "x", "password": "ab"}, "password", "must have at least 3 characters"),
    ],
)  # fmt: skip
async def test_the_sentence_names_field_value_and_what_would_be_right(
    client: httpx.AsyncClient, body: Any, field: str, message: str
) -> None:
    answer = await client.post("/things", json=body)
    found = answer.json()
    assert (answer.status_code, found["errors"]) == (400, [{"field": field, "message": message}])
    assert found["error"] == f"`{field}` {message}."


async def test_several_wrong_fields_are_named_in_one_sentence(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"name": 1, "metadata": {"steps": 0}})
    assert answer.json()["error"] == "`name` must be a string; `metadata.steps` must be at least 1, not 0."


async def test_a_secret_that_is_wrong_is_not_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"name": "x", "password": 12345})
    assert "12345" not in answer.text


async def test_what_is_no_json_is_named_as_the_body(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", content=b'{"name": ', headers={"content-type": "application/json"})
    assert answer.json()["error"].startswith("The body must be JSON")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"name": "x", "numbers": ["a"] * 50_000}, id="wrong items"),
        pytest.param({"name": "x"} | {f"k{i}": 1 for i in range(20_000)}, id="unknown members"),
        pytest.param({"name": "x", "metadata": {f"k{i}": 1 for i in range(20_000)}}, id="unknown members inside"),
        pytest.param({"name": "x", "k" * 200_000: 1}, id="a long name"),
        pytest.param({"name": "x", "metadata": {"sampler": "s" * 200_000}}, id="a long value"),
    ],
)
async def test_an_answer_stays_small_however_much_is_wrong(client: httpx.AsyncClient, body: Any) -> None:
    answer = await client.post("/things", json=body)
    assert answer.status_code == 400
    assert len(answer.content) < 8000
    assert len(answer.json()["errors"]) <= 20


async def test_a_list_without_end_is_refused_before_its_items_are_looked_at(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"name": "x", "numbers": ["a"] * 50_000})
    assert answer.json()["error"] == "`numbers` must have at most 5,000 items, not 50,000."


async def test_left_out_errors_are_counted(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"name": "x", "numbers": ["a"] * 1030})
    assert answer.json()["error"].endswith("; and 1,010 more.")


@pytest.mark.parametrize("name", ["\ud800", "a\0b"])
async def test_a_name_that_no_answer_can_hold_is_escaped(client: httpx.AsyncClient, name: str) -> None:
    body = json.dumps({"name": "x", name: 1}).encode()
    answer = await client.post("/things", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_a_path_may_take_smaller_bodies_than_others(client: httpx.AsyncClient) -> None:
    answer = await client.post("/login", json={"name": "x" * 100})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_unknown_paths_and_methods_say_what_there_is(client: httpx.AsyncClient) -> None:
    assert "/docs" in (await client.get("/nowhere")).json()["error"]
    assert (await client.get("/things")).json()["error"] == "This path does not take GET, but POST."


async def test_a_socket_whose_handler_fails_is_closed_with_1011() -> None:
    async with served(make_app()) as port, connect(f"ws://127.0.0.1:{port}/ws") as socket:
        await socket.send("fail")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011

"""How wrong requests are explained: field, value, and what would be right, never more than the request can bear."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, get_args
from uuid import UUID

import httpx
import pytest
from darkroom_chassis.service import create_app
from darkroom_chassis.validation import field_errors, must_be_one_of
from darkroom_schemas.base import Request as RequestModel
from darkroom_schemas.fields import Line, Text
from fastapi import FastAPI, Query, WebSocket
from pydantic import AnyHttpUrl, AwareDatetime, Field, SecretStr
from pydantic_core.core_schema import ErrorType
from support.http_server import served
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


class Kind(StrEnum):
    FLAT, ROUND = "flat", "round"


class Metadata(RequestModel):
    prompt: Annotated[Text, Field(max_length=10)] = ""
    steps: Annotated[int, Field(ge=1, le=150)] = 20
    guidance_scale: float = 7
    sampler: Literal["Euler", "DDIM"] = "Euler"
    URL: Annotated[str, Field(pattern="^https://")] = "https://x"
    at: AwareDatetime | None = None
    day: date | None = None
    hook: AnyHttpUrl | None = None
    id: UUID | None = None
    for_s: timedelta | None = None
    loud: bool = False
    price: Decimal = Decimal(1)
    kind: Kind | None = None


TWENTY = ", ".join(f"n{i}" for i in range(20))
PLAIN = ("bool_", "date", "decimal_", "enum", "float_", "int_", "literal_", "string_", "time", "url_", "uuid_")
MISSPELT = (("metadata.promt", "prompt"), ("numers", "numbers"))


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

    @app.get("/filtered")
    async def filtered(
        status: Annotated[list[Literal["pending", "failed"]] | None, Query()] = None,
        token: Annotated[list[int] | None, Query()] = None,
    ) -> str:
        return f"{status} {token}"

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
        ({"name": "x", "more": [{}, {"steps": 0}]}, "more.1.steps", "must be at least 1, not 0"),
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
    client: httpx.AsyncClient, body: object, field: str, message: str
) -> None:
    answer = await client.post("/things", json=body)
    found = answer.json()
    assert (answer.status_code, found["errors"]) == (400, [{"field": field, "message": message}])
    assert found["error"] == f"`{field}` {message}{'' if message.endswith('?') else '.'}"


TIME, DATE = "must be a time such as 2026-11-27T12:00:00Z", "must be a date such as 2026-11-27"
URL = "must be an absolute URL such as https://example.org/hook"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("at", "yesterday", f'{TIME}, not "yesterday"'),
        ("at", "2026-02-30T12:00:00Z", f'{TIME}, not "2026-02-30T12:00:00Z"'),
        ("at", [], TIME),
        ("day", "soon", f'{DATE}, not "soon"'),
        ("day", "2026-11-27T12:00:00Z", f'{DATE}, not "2026-11-27T12:00:00Z"'),
        ("hook", "example.com/x", f'{URL}, not "example.com/x"'),
        ("hook", 5, f"{URL}, not 5"),
        ("hook", "ftp://x.org", "must be a URL whose scheme is 'http' or 'https', not \"ftp://x.org\""),
        ("hook", "//anna:pass@x.org", URL),
        ("id", "x", 'must be a UUID such as 019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11, not "x"'),
        ("for_s", "long", 'must be a duration such as PT1H30M, not "long"'),
        ("loud", "perhaps", 'must be true or false, not "perhaps"'),
        ("price", "cheap", 'must be a number, not "cheap"'),
        ("guidance_scale", "abc", 'must be a number, not "abc"'),
        ("kind", "flatt", "must be one of 'flat' or 'round', not \"flatt\"; did you mean `flat`?"),
        ("sampler", "EULER", "must be one of 'Euler' or 'DDIM', not \"EULER\"; did you mean `Euler`?"),
    ],
)
async def test_no_wrong_value_is_explained_in_words_of_a_parser(
    client: httpx.AsyncClient, field: str, value: object, message: str
) -> None:
    answer = await client.post("/things", json={"name": "x", "metadata": {field: value}})
    assert answer.json()["errors"] == [{"field": f"metadata.{field}", "message": message}]


@pytest.mark.parametrize(
    ("value", "known", "message"),
    [
        ("vidoe", ["image", "video"], 'must be one of image, video, not "vidoe"; did you mean `video`?'),
        ("MAIN", ["Attic", "Main"], 'must be one of Attic, Main, not "MAIN"; did you mean `Main`?'),
        ("xyz", ["image"], 'must be one of image, not "xyz"'),
        ("xyz", [], 'cannot be "xyz", as there is none yet'),
        ("xyz", [f"n{i}" for i in range(1020)], f'must be one of {TWENTY} and 1,000 more, not "xyz"'),
    ],
)
def test_an_unknown_name_is_reported_with_the_known_ones(value: str, known: list[str], message: str) -> None:
    assert must_be_one_of(value, known) == message


@pytest.mark.parametrize("kind", [kind for kind in get_args(ErrorType) if kind.startswith(PLAIN)])
def test_every_kind_of_wrong_scalar_has_a_sentence_of_ours(kind: str) -> None:
    [error] = field_errors(
        [{"type": kind, "loc": ("body", "x"), "msg": "Input should be odd", "input": None, "ctx": {}}]
    )
    assert error.message.startswith("must ")


async def test_a_sentence_that_asks_has_one_mark_at_its_end(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"name": "x", "metadata": {"promt": "a"}, "numers": []})
    first, second = (f"`{wrong}` is not a known field; did you mean `{right}`?" for wrong, right in MISSPELT)
    assert answer.json()["error"] == f"{first} {second}"


async def test_a_repeated_query_parameter_is_named_as_the_client_wrote_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/filtered", params={"status": ["failed", "pendin"]})
    wrong = "must be one of 'pending' or 'failed', not \"pendin\"; did you mean `pending`?"
    assert answer.json()["errors"] == [{"field": "status", "message": wrong}]


async def test_a_repeated_secret_that_is_wrong_is_not_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.get("/filtered", params={"token": ["1", "hunter2"]})
    assert answer.json()["errors"] == [{"field": "token", "message": "must be a whole number"}]


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
async def test_an_answer_stays_small_however_much_is_wrong(client: httpx.AsyncClient, body: object) -> None:
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

"""What a client may not do to the HTTP server before its request reaches the application."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sized
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import uvloop
import websockets
from darkroom_chassis.http_limits import HttpLimits
from darkroom_chassis.service import create_app, proxy_options
from darkroom_chassis.settings import ServiceSettings
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from starlette.responses import StreamingResponse
from support.http_server import raw_connection, served
from support.waiting import until

LIMITS = HttpLimits(header_bytes=8192, request_s=0.3, send_s=0.3, connections=5)
GET = b"GET /hello HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: x\r\n"


def make_app() -> FastAPI:
    app = create_app("test", "0", max_body_bytes=100_000)

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    @app.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.get("/flood")
    async def flood() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 65_536
                    await asyncio.sleep(0)  # a send to a client that is gone returns at once
            finally:
                app.state.flood_ended.set()

        return StreamingResponse(parts())

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.url.path)

    app.state.flood_ended = asyncio.Event()
    return app


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with served(make_app(), LIMITS) as port:
        yield port


def parsed(answer: bytes) -> tuple[int, dict[str, Any]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body)


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(GET + b"X: 1\r\n" * 3000 + b"\r\n", id="many headers"),
        pytest.param(GET + b"X: " + b"a" * 9000 + b"\r\n\r\n", id="one long header"),
        pytest.param(GET + b"X: " + b"a" * 900_000, id="a header without end"),
        pytest.param(GET + b"a" * 900_000, id="a header name without end"),
        pytest.param(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", id="a long path"),
        pytest.param(b"GET /" + b"a" * 900_000, id="a path without end"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"T: 1\r\n" * 3000, id="many trailers"),
    ],
)
async def test_headers_beyond_the_limit_are_431(port: int, request_bytes: bytes) -> None:
    async with raw_connection(port) as connection:
        await connection.send(request_bytes)
        status, body = parsed(await connection.answer())
    assert (status, body["code"]) == (431, "headers_too_large")


async def test_a_trailer_without_end_is_refused(port: int) -> None:
    async with raw_connection(port) as connection:
        await connection.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        await connection.send(b"0\r\nT: ")
        for _ in range(40):
            await connection.send(b"a" * 65_536)
        assert b" 400 " in (await connection.answer())[:20]


@pytest.mark.parametrize(
    ("request_bytes", "sentence"),
    [
        pytest.param(GET, "within 0.3 s", id="half a head"),
        pytest.param(POST + b"Content-Length: 10\r\n\r\nabc", "within 0.3 s", id="half a body"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "within 0.3 s", id="half a chunked body"),
    ],
)
async def test_a_request_that_is_not_complete_in_time_is_408(port: int, request_bytes: bytes, sentence: str) -> None:
    async with raw_connection(port) as connection:
        await connection.send(request_bytes)
        status, body = parsed(await connection.answer())
    assert (status, body["code"]) == (408, "request_timeout")
    assert sentence in body["error"]


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n"])
async def test_a_connection_that_asks_nothing_is_closed(port: int, sent: bytes) -> None:
    async with raw_connection(port) as connection:
        await connection.send(sent)
        assert b"200" not in await connection.answer()


async def test_time_starts_again_with_each_request_of_a_connection(port: int) -> None:
    async with raw_connection(port) as connection:
        for _ in range(3):
            await connection.send(GET + b"\r\n")
            assert b" 200 " in await connection.head()
            await connection.read_exactly(7)
        await connection.send(GET)
        assert parsed(await connection.answer())[0] == 408


async def test_one_connection_too_many_is_503_and_a_closed_one_makes_room() -> None:
    async with served(make_app(), HttpLimits(connections=5)) as port:
        held = [raw_connection(port) for _ in range(5)]
        opened = [await one.__aenter__() for one in held]
        for one in opened:
            await one.send(GET + b"\r\n")
            await one.head()
        async with raw_connection(port) as surplus:
            await surplus.send(GET + b"\r\n")
            status, body = parsed(await surplus.answer())
        assert (status, body["code"], body["retryable"]) == (503, "unavailable", True)
        await held[0].__aexit__(None, None, None)

        async def admitted() -> bool:
            async with raw_connection(port) as again:
                await again.send(GET + b"Connection: close\r\n\r\n")
                return b" 200 " in (await again.answer())[:20]

        async with asyncio.timeout(5):
            while not await admitted():
                pass
        for rest in held[1:]:
            await rest.__aexit__(None, None, None)


async def test_a_client_that_reads_nothing_is_cut_off() -> None:
    app = make_app()
    async with served(app, LIMITS) as port, raw_connection(port) as connection:
        await connection.send(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            await app.state.flood_ended.wait()


def test_an_answer_to_a_client_that_was_cut_off_is_dropped_on_uvloop() -> None:
    malformed = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"

    async def scenario() -> None:
        app, cut_off = FastAPI(), asyncio.Event()

        @app.get("/late")
        async def late() -> str:
            await cut_off.wait()
            return "late"

        async with served(app) as port, raw_connection(port) as connection, asyncio.timeout(20):
            await connection.send(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n" + malformed)
            try:
                assert await connection.answer() == b""
            finally:
                cut_off.set()
            await until(partial(holds, app.state.server.server_state.tasks, 0))

    with LoggedErrors() as errors:
        uvloop.run(scenario())
    assert errors.records == []


async def holds(collection: Sized, count: int) -> bool:
    return len(collection) == count


class LoggedErrors(logging.Handler):
    """Collects what uvicorn logs as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def __enter__(self) -> "LoggedErrors":
        logging.getLogger("uvicorn.error").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("uvicorn.error").removeHandler(self)


async def test_requests_pipelined_without_end_are_refused(port: int) -> None:
    async with raw_connection(port) as connection:
        await connection.send((GET + b"\r\n") * 5000)
        answer = await connection.answer()
    assert answer.count(b"HTTP/1.1 200") < 200


@pytest.mark.parametrize("body", [b"1" * 100_001, b"1" * 5_000_000])
async def test_a_413_reaches_a_client_that_is_still_sending(port: int, body: bytes) -> None:
    async with raw_connection(port) as connection:
        await connection.send(POST + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        status, found = parsed(await connection.answer())
    assert (status, found["code"]) == (413, "payload_too_large")


UPGRADE = b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /ws?x=" + b"a" * 8192 + b" HTTP/1.1\r\n" + UPGRADE + KEY + b"\r\n", 414),
        (b"GET /ws HTTP/1.1\r\nX: " + b"a" * 8192 + b"\r\n" + UPGRADE + KEY + b"\r\n", 431),
        (b"GET /ws HTTP/1.1\r\n" + b"X: a\r\n" * 129 + UPGRADE + KEY + b"\r\n", 431),
        (b"GET /ws\xff HTTP/1.1\r\n" + UPGRADE + KEY + b"\r\n", 400),
        (b"GET /ws HTTP/1.1\r\nX(: a\r\n" + UPGRADE + KEY + b"\r\n", 400),
        (b"POST /ws HTTP/1.1\r\n" + UPGRADE + KEY + b"\r\n", 405),
        (b"GET /ws HTTP/1.1\r\nContent-Length: 5\r\n" + UPGRADE + KEY + b"\r\nhello", 400),
    ],
)
async def test_every_websocket_handshake_is_answered(request_bytes: bytes, status: int) -> None:
    async with served(make_app(), HttpLimits()) as port, raw_connection(port) as connection:
        await connection.send(request_bytes)
        answer = await connection.answer()
    assert int(answer.split(b" ")[1]) == status


async def test_a_websocket_outlives_the_time_of_a_request(port: int) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{port}/ws") as socket:
        assert await socket.recv() == "/ws"


async def test_text_that_is_not_utf8_closes_with_1007_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        with suppress(WebSocketDisconnect):
            await socket.receive_text()

    async with served(app) as port, raw_connection(port) as connection:
        await connection.send(b"GET /ws HTTP/1.1\r\n" + UPGRADE + KEY + b"\r\n")
        await connection.head()
        await connection.send(b"\x81\x82\0\0\0\0\xff\xfe")
        frames = await connection.answer()
    assert (1007).to_bytes(2, "big") in frames
    assert not any(record.exc_info for record in caplog.records)


async def test_a_missed_heartbeat_closes_with_4000() -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()

    options = {"ws_ping_interval": 0.05, "ws_ping_timeout": 0.1}
    async with served(app, HttpLimits(), **options) as port, raw_connection(port) as connection:
        await connection.send(b"GET /ws HTTP/1.1\r\n" + UPGRADE + KEY + b"\r\n")
        await connection.head()
        frames = await connection.answer()
    assert (4000).to_bytes(2, "big") in frames


async def test_a_client_that_pings_and_reads_nothing_is_cut_off() -> None:
    app, ended = FastAPI(), asyncio.Event()

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        with suppress(WebSocketDisconnect):
            await socket.receive_text()
        ended.set()

    ping = b"\x89\xfd\0\0\0\0" + b"a" * 125
    async with served(app, LIMITS) as port, raw_connection(port) as connection:
        await connection.send(b"GET /ws HTTP/1.1\r\n" + UPGRADE + KEY + b"\r\n")
        await connection.head()
        flood = asyncio.create_task(connection.send(ping * 200_000))
        async with asyncio.timeout(10):
            await ended.wait()
        assert not (await asyncio.wait({flood}, timeout=5))[1]


async def test_a_client_that_pings_and_reads_gets_its_answers() -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_text(await socket.receive_text())

    async with served(app, LIMITS) as port, websockets.connect(f"ws://127.0.0.1:{port}/ws") as client:
        pongs = [await client.ping(str(number)) for number in range(2000)]
        await client.send("last")
        async with asyncio.timeout(10):
            assert await client.recv() == "last"
            await asyncio.gather(*pongs)


async def test_a_forwarded_address_is_believed_of_trusted_proxies_only() -> None:
    app = FastAPI()

    @app.get("/who")
    async def who(request: Request) -> str:
        return f"{request.url.scheme} {request.client.host if request.client else None}"

    forwarded = b"X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n"
    for trusted, seen in (("10.0.0.0/8", b"http 127.0.0.1"), ("127.0.0.0/8,198.51.100.0/24", b"https 203.0.113.9")):
        settings = ServiceSettings(trusted_proxies=trusted)  # as in the environment
        options = proxy_options(settings)
        async with served(app, HttpLimits(), **options) as port, raw_connection(port) as connection:
            await connection.send(b"GET /who HTTP/1.1\r\nHost: x\r\n" + forwarded + b"\r\n")
            assert seen in await connection.answer()

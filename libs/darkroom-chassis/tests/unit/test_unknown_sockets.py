"""A WebSocket handshake to a path where no socket is."""

import json

import pytest
from darkroom_chassis.service import create_app
from fastapi import FastAPI, WebSocket
from support.http_server import served
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus


def make_app() -> FastAPI:
    app = create_app("test", "0")

    @app.get("/things")
    async def things() -> str:
        return "some"

    @app.websocket("/ws/monitor/{name}")
    async def monitor(socket: WebSocket, name: str) -> None:
        await socket.accept()
        await socket.send_text(name)

    return app


@pytest.mark.parametrize("path", ["/nowhere", "/ws/monitor/a%2fb", "/things"])
async def test_a_handshake_to_a_path_without_socket_is_404_in_the_one_error_body(path: str) -> None:
    async with served(make_app()) as port:
        async with connect(f"ws://127.0.0.1:{port}/ws/monitor/a") as socket:
            assert await socket.recv() == "a"
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{port}{path}")
    answer = refused.value.response
    body = json.loads(answer.body or b"")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert (body["code"], body["error"]) == ("not_found", "There is no WebSocket at this path.")
    assert body["trace_id"]

import asyncio
import gc
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from darkroom_chassis.errors import AppError
from darkroom_chassis.probes import probe_routes
from darkroom_chassis.service import create_app, serve
from darkroom_chassis.settings import ServiceSettings
from darkroom_local.servers.ports import free_ports
from darkroom_schemas.errors import ErrorCode
from fastapi import FastAPI, Request
from pydantic import BaseModel, Field


class Body(BaseModel):
    prompt: str = Field(max_length=5)


def make_app() -> FastAPI:
    app = create_app("test", "0", max_body_bytes=1000)

    async def broken() -> None:
        raise ConnectionError("secret host name")

    @app.post("/things")
    async def things(body: Body) -> Body:
        return body

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("SELECT secret FROM vault")

    @app.get("/broke")
    async def broke() -> None:
        raise AppError(402, ErrorCode.INSUFFICIENT_CREDITS, "Not enough credits.", extra={"missing": 3})

    app.include_router(probe_routes({"redis": broken}))
    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@asynccontextmanager
async def served(app: FastAPI, settings: ServiceSettings) -> AsyncIterator[httpx.AsyncClient]:
    """Serve an app on a port of its own until SIGTERM, and undo what a service does to the garbage collection."""
    [port], threshold = free_ports(1), gc.get_threshold()
    serving = asyncio.create_task(serve(app, "127.0.0.1", port, settings))
    transport = httpx.AsyncHTTPTransport(retries=10)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{port}") as client:
            yield client
        await serving
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)


async def test_validation_is_400_and_names_the_field(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", json={"prompt": "too long"})
    body = answer.json()
    assert answer.status_code == 400
    assert body["code"] == "invalid_request"
    assert body["errors"][0]["field"] == "prompt"
    assert {"type", "title", "status", "detail", "instance", "success", "error", "message"} <= body.keys()


async def test_malformed_json_is_400(client: httpx.AsyncClient) -> None:
    answer = await client.post("/things", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_an_app_error_keeps_its_status_and_extra_members(client: httpx.AsyncClient) -> None:
    answer = await client.get("/broke")
    assert (answer.status_code, answer.json()["missing"]) == (402, 3)


async def test_a_crash_is_500_and_gives_nothing_away(client: httpx.AsyncClient) -> None:
    answer = await client.get("/crash")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "SELECT" not in json.dumps(answer.json())


@pytest.mark.parametrize("path", ["/things", "/raw"])
async def test_a_body_over_the_limit_is_413(client: httpx.AsyncClient, path: str) -> None:
    headers = {"content-type": "application/json"}
    answer = await client.post(path, content=b" " * 1001, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_an_unknown_route_is_404_in_the_same_body(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_callers_trace_id_is_continued(client: httpx.AsyncClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = await client.get("/broke", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.headers["x-trace-id"] == trace == answer.json()["trace_id"]


async def test_a_failing_check_makes_readyz_503_without_internals(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"redis": "ConnectionError"}


async def test_livez_answers_and_metrics_count_requests(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).status_code == 200
    assert "darkroom_http_request_seconds" in (await client.get("/metrics")).text


async def test_what_a_service_is_made_of_is_no_garbage_to_look_for() -> None:
    app = FastAPI()
    app.state.stopping = asyncio.Event()

    @app.get("/frozen")
    async def frozen() -> int:
        return gc.get_freeze_count()

    async with served(app, ServiceSettings(drain_s=1)) as client:
        assert (await client.get("/frozen")).json() > 10_000
        signal.raise_signal(signal.SIGTERM)


async def test_kept_connections_are_closed_by_their_response_before_the_service_closes_them() -> None:
    app = make_app()
    async with served(app, ServiceSettings(drain_s=1, DRAIN_DELAY_S=0.3)) as client:
        assert "connection" not in (await client.get("/livez")).headers
        signal.raise_signal(signal.SIGTERM)
        await app.state.stopping.wait()
        answers = [await client.get("/livez") for _ in range(3)]
    assert [(answer.status_code, answer.headers["connection"]) for answer in answers] == [(200, "close")] * 3


async def test_readyz_shows_details_that_do_not_decide_it() -> None:
    async def passes() -> None: ...

    app = FastAPI()
    app.state.stopping = asyncio.Event()
    app.include_router(probe_routes({"redis": passes}, {"models": lambda: {"a": "downloading"}}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"redis": "ok"}, "models": {"a": "downloading"}}

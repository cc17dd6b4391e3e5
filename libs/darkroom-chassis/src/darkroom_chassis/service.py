"""The FastAPI application and the HTTP server of every service."""

import asyncio
import gc
import resource
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import FrameType
from typing import Any

import uvicorn
from darkroom_schemas.errors import ErrorBody
from fastapi import FastAPI

from darkroom_chassis.error_handlers import install_error_handlers
from darkroom_chassis.errors import PROBLEM_JSON
from darkroom_chassis.http_protocol import LimitedConfig
from darkroom_chassis.logs import get_logger
from darkroom_chassis.metrics import BUILD
from darkroom_chassis.middleware import RequestContext
from darkroom_chassis.outages import Outages, install_outage_handlers
from darkroom_chassis.pages import StartPage, add_pages
from darkroom_chassis.settings import ServiceSettings

log = get_logger(__name__)
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
DEFAULT_MAX_BODY_BYTES = 1_000_000
OTHER_FILES = 512
"""Open files reserved for other purposes than client connections: databases, Redis, object store, logs."""
YOUNG_OBJECTS = 10_000
"""Allocations between two garbage collections. Python's default of 700 is reached in a few requests, when most of the
objects are still in use."""


def create_app(
    title: str,
    version: str,
    *,
    outages: Outages | None = None,
    description: str = "",
    lifespan: Lifespan | None = None,
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    body_limits: Mapping[str, int] | None = None,
    start_page: StartPage | None = None,
) -> FastAPI:
    """Build an app with trace ids, the common error body and an access log. `outages` get 503 responses.

    Browsers get `start_page` at `/` instead of a description of the service.
    `app.state.stopping` is an `asyncio.Event` that is set when shutdown begins.
    """
    app = FastAPI(
        title=title, version=version, description=description, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.stopping = stopping = asyncio.Event()
    BUILD.labels(title, version).set(1)
    app.add_middleware(RequestContext, max_body_bytes=max_body_bytes, body_limits=body_limits or {}, stopping=stopping)
    install_error_handlers(app)
    install_outage_handlers(app, outages or {})
    _document_errors(app)
    add_pages(app, description.partition("\n\n")[0], start_page)
    return app


def _document_errors(app: FastAPI) -> None:
    """Document validation errors in OpenAPI as 400 with the common error body instead of FastAPI's 422."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            body = ErrorBody.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(body.pop("$defs", {}))
            schemas["ErrorBody"] = body
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            error = {"content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}}
            for path in document["paths"].values():
                for operation in path.values():
                    _document_operation(operation, error)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _document_operation(operation: dict[str, Any], error: dict[str, Any]) -> None:
    responses = operation["responses"]
    if responses.get("422", {}).get("description") == "Validation Error":
        del responses["422"]
    if operation.get("tags") == ["operations"]:
        return
    for status, response in responses.items():
        if status >= "400" and "content" not in response:
            response.update(error)
    responses.setdefault("default", {"description": "Error"} | error)


LAST_REQUESTS_S = 0.1
WEBSOCKET_CLOSE_S = 1.0
"""Time that WebSockets get to close by themselves when the service stops."""


class _Server(uvicorn.Server):
    """Uvicorn's server that sets `stopping` when shutdown begins, and exits with 0 after a drain."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event, delay_s: float) -> None:
        super().__init__(config)
        self._stopping, self._delay_s = stopping, delay_s

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # Existing objects live as long as the process: each garbage collection of them would take 150 ms.
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is uvicorn's
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True
        self._stopping.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let WebSockets, whose handlers watch `stopping`, close with their own code; uvicorn would close with 1012.

        Load balancers notice `/readyz` during the delay. Connections that were accepted last send their request in the
        pause after it; uvicorn would close them unanswered.
        """
        if self._delay_s and not self.force_exit:
            await asyncio.sleep(self._delay_s)
        for server in self.servers:
            server.close()
        if self._delay_s:
            await asyncio.sleep(LAST_REQUESTS_S)
        kind, tasks = self.config.ws_protocol_class, set(self.server_state.tasks)
        has_websocket = kind is not None and any(isinstance(open_, kind) for open_ in self.server_state.connections)
        if has_websocket and tasks:
            await asyncio.wait(tasks, timeout=WEBSOCKET_CLOSE_S)
        await super().shutdown(sockets)


async def serve(app: FastAPI, host: str, port: int, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or SIGINT. Then stop accepting, wait up to `drain_s` for open requests, and return."""
    _allow_open_files(settings.http_connections)
    config = LimitedConfig(
        app,
        settings.http_limits,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        ws_per_message_deflate=False,
        ws_max_size=1_000_000,
        timeout_graceful_shutdown=max(1, round(settings.drain_s)),
        **proxy_options(settings),
    )
    server = _Server(config, app.state.stopping, settings.drain_delay_s)
    await server.serve()
    if not server.started:
        raise SystemExit(1)


def proxy_options(settings: ServiceSettings) -> dict[str, Any]:
    """Return uvicorn's options for trusted reverse proxies, which set `client` and `scheme` to those of the client."""
    trusted = [str(network) for network in settings.trusted_proxies]
    return {"proxy_headers": bool(trusted), "forwarded_allow_ips": trusted}


def _allow_open_files(connections: int) -> None:
    """Raise the soft limit of open files above the maximum number of connections, up to the hard limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections * 9 // 8 + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            log.warning("The limit of open files is too low for HTTP_CONNECTIONS", limit=hard, wanted=wanted)


def run(main: Callable[[], Any]) -> None:
    """Run an async main on uvloop until it returns."""
    import uvloop

    uvloop.run(main())

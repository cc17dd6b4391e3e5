"""The web application: routes, probes, and a lifespan that opens all dependencies."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from darkroom_chassis.database import DATABASE_OUTAGES
from darkroom_chassis.outages import Outages
from darkroom_chassis.probes import probe_routes
from darkroom_chassis.service import create_app
from darkroom_redis import RedisUnavailable
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from platform_api.domain.assets.upload import MAX_UPLOAD_BYTES
from platform_api.http.errors import install_refusals
from platform_api.http.ui_files import read_ui_files
from platform_api.routes import ROUTERS
from platform_api.routes.assets import uploads
from platform_api.routes.dialects.emprops.aliases import EmPropsAliases
from platform_api.routes.ui import UiPages
from platform_api.wiring import Running

VERSION = "0.1.0"
OUTAGES: Outages = {RedisUnavailable: "The queue"} | DATABASE_OUTAGES
ALLOWED_HEADERS = (
    *("Authorization", "X-API-Key", "X-API-Secret"),
    *("Content-Type", "Idempotency-Key", "Last-Event-ID", "Range"),
)
EXPOSED_HEADERS = (
    *("Content-Disposition", "Content-Length", "Content-Range", "ETag", "Accept-Ranges"),
    *("Idempotent-Replayed", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Trace-Id"),
)
BODY_BYTES = {"/api/auth/login": 4096, "/api/auth/logout": 4096, uploads.PATH: MAX_UPLOAD_BYTES}
"""Limits of bodies in bytes: small ones before authentication, large ones for uploads."""
DESCRIPTION = """Submit image and video generation jobs, follow them live, and download the results.

Send `Authorization: Bearer <JWT or API key>`, or log in with a browser at `POST /api/auth/login`. All errors have the
same body: a message in `error`, a stable identifier in `code`, and the invalid fields in `errors`. Requests to routes
that declare the header `Idempotency-Key` can be retried safely with the same key and body.

EmProps paths are also available without `/api`; `/generator/v2/{id}` is `/api/collections/{id}/generate`."""


def build_app(
    assemble: Callable[[], AbstractAsyncContextManager[Running]],
    *,
    max_body_bytes: int,
    ui_origins: Sequence[str] = (),
    ui: Path | None = None,
    ui_queue_url: str = "",
    ui_webhooks_url: str = "",
) -> FastAPI:
    """Build the app. `assemble` opens its dependencies at startup. Pages of `ui_origins` may use it (CORS).

    `ui` is the folder of the built web UI; without it, `/` describes the service. Its console calls `ui_queue_url` and
    `ui_webhooks_url`.
    """
    pages = None if ui is None else UiPages(read_ui_files(ui), ui_queue_url, ui_webhooks_url)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with assemble() as running:
            app.state.context, app.state.running = running.context, running
            closing = asyncio.create_task(_close_streams(app, running))
            yield
            closing.cancel()

    app = create_app(
        "Darkroom platform API",
        VERSION,
        outages=OUTAGES,
        description=DESCRIPTION,
        lifespan=lifespan,
        max_body_bytes=max_body_bytes,
        body_limits=BODY_BYTES,
        start_page=pages.start if pages else None,
    )
    if ui_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=ui_origins,
            allow_credentials=True,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=ALLOWED_HEADERS,
            expose_headers=EXPOSED_HEADERS,
        )
    app.add_middleware(EmPropsAliases)
    install_refusals(app)
    for router in ROUTERS:
        app.include_router(router)

    async def check_database() -> None:
        await app.state.running.database.ping()

    async def check_loops() -> None:
        await app.state.running.loops.check()

    if pages is not None:
        app.include_router(pages.router())
    app.include_router(probe_routes({"database": check_database, "loops": check_loops}))
    return app


async def _close_streams(app: FastAPI, running: Running) -> None:
    """End event streams when shutdown begins: the server waits for open requests before it ends the lifespan."""
    await app.state.stopping.wait()
    running.fanout.close()

"""Builds the FastAPI application of webhook-dispatcher."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from darkroom_chassis.database import DATABASE_OUTAGES
from darkroom_chassis.outages import Outages
from darkroom_chassis.probes import probe_routes
from darkroom_chassis.service import create_app
from darkroom_redis import RedisUnavailable
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from webhook_dispatcher.routes import deliveries, endpoints, keys, operator
from webhook_dispatcher.settings import Settings
from webhook_dispatcher.wiring import assemble

VERSION = "0.1.0"
OUTAGES: Outages = {RedisUnavailable: "The queue"} | DATABASE_OUTAGES
DESCRIPTION = "Register endpoints that receive job events, signed by Standard Webhooks, and read their delivery log."


def build_app(settings: Settings) -> FastAPI:
    """Return the application; it connects when its lifespan begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with assemble(settings) as running:
            app.state.running, app.state.context = running, running.context
            yield

    async def check_redis() -> None:
        await app.state.running.redis_client.ping()

    async def check_database() -> None:
        await app.state.running.database.ping()

    async def check_loops() -> None:
        await app.state.running.loops.check()

    app = create_app(
        "Darkroom webhook-dispatcher", VERSION, outages=OUTAGES, description=DESCRIPTION, lifespan=lifespan
    )
    if settings.ui_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.ui_origins,
            allow_methods=["GET", "POST", "PUT"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-User-Id"],
            expose_headers=["Retry-After", "X-Trace-Id"],
        )
    checks = {"redis": check_redis, "database": check_database, "loops": check_loops}
    for routes in (endpoints, deliveries, keys, operator):
        app.include_router(routes.router)
    app.include_router(probe_routes(checks))
    return app

"""Builds the FastAPI application of webhook-dispatcher."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from darkroom_chassis.database import DATABASE_AWAY
from darkroom_chassis.errors import AppError, render
from darkroom_chassis.idempotency import KeyInUse, KeyReused
from darkroom_chassis.probes import probe_routes
from darkroom_chassis.service import create_app
from darkroom_redis import RedisUnavailable
from darkroom_schemas.errors import ErrorCode
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from webhook_dispatcher.routes import webhooks
from webhook_dispatcher.settings import Settings
from webhook_dispatcher.wiring import wire

VERSION = "0.1.0"
DESCRIPTION = "Register endpoints that are told about jobs, signed by Standard Webhooks, and read their delivery log."


def build_app(settings: Settings) -> FastAPI:
    """Return the application; it connects when its lifespan begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with wire(settings) as running:
            app.state.running, app.state.context = running, running.context
            yield

    async def check_redis() -> None:
        await app.state.running.redis_client.ping()

    async def check_database() -> None:
        await app.state.running.database.ping()

    async def check_loops() -> None:
        await app.state.running.loops.check()

    async def on_store_unavailable(request: Request, _: Exception) -> JSONResponse:
        sentence = "A store of this service does not answer at the moment."
        error = AppError(503, ErrorCode.UNAVAILABLE, sentence, retryable=True, headers={"Retry-After": "2"})
        return render(error, request.url.path)

    async def on_key_reused(request: Request, _: Exception) -> JSONResponse:
        sentence = "This Idempotency-Key was used with another request."
        return render(AppError(422, ErrorCode.IDEMPOTENCY_MISMATCH, sentence), request.url.path)

    async def on_key_in_use(request: Request, _: Exception) -> JSONResponse:
        sentence = "The first request with this Idempotency-Key is still being answered."
        headers = {"Retry-After": "1"}
        error = AppError(409, ErrorCode.IDEMPOTENCY_IN_PROGRESS, sentence, retryable=True, headers=headers)
        return render(error, request.url.path)

    app = create_app("Darkroom webhook-dispatcher", VERSION, description=DESCRIPTION, lifespan=lifespan)
    for unavailable in (RedisUnavailable, *DATABASE_AWAY):
        app.add_exception_handler(unavailable, on_store_unavailable)
    app.add_exception_handler(KeyReused, on_key_reused)
    app.add_exception_handler(KeyInUse, on_key_in_use)
    checks = {"redis": check_redis, "database": check_database, "loops": check_loops}
    app.include_router(webhooks.router)
    app.include_router(probe_routes(checks))
    return app

"""Builds the FastAPI application of queue-api."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from darkroom_chassis.outages import Outages
from darkroom_chassis.probes import probe_routes
from darkroom_chassis.service import create_app
from darkroom_redis import RedisUnavailable
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from queue_api.routes import bulk, dead_letters, fleet, job_groups, job_list, jobs, outputs, queues, series, tickets
from queue_api.settings import Settings
from queue_api.sockets import events, group_events
from queue_api.wiring import assemble

VERSION = "0.1.0"
OUTAGES: Outages = {RedisUnavailable: "The queue"}
DESCRIPTION = "Submit, read, cancel and retry jobs, operate queues and workers, and follow the queue's events at `/ws`."


def build_app(settings: Settings) -> FastAPI:
    """Return the application; it connects when its lifespan begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with assemble(settings) as running:
            app.state.context, app.state.loops = running.context, running.loops
            yield

    async def check_redis() -> None:
        await app.state.context.redis_client.check_writes()

    async def check_loops() -> None:
        await app.state.loops.check()

    app = create_app("Darkroom queue-api", VERSION, outages=OUTAGES, description=DESCRIPTION, lifespan=lifespan)
    if settings.ui_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.ui_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After", "X-Trace-Id"],
        )
    app.include_router(events.router)
    app.include_router(group_events.router)
    app.include_router(job_groups.router)
    app.include_router(outputs.router)
    modules = (bulk, job_list, jobs, queues, series, dead_letters, fleet, tickets)
    for router in (module.router for module in modules):
        app.include_router(router, prefix="/api")
        app.include_router(router, include_in_schema=False)  # the overview's paths have no /api
    app.include_router(probe_routes({"redis": check_redis, "loops": check_loops}))
    return app

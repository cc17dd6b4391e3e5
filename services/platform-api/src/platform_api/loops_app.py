"""The HTTP server of the loops process: probes and metrics."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from darkroom_chassis.probes import probe_routes
from darkroom_chassis.service import create_app
from fastapi import FastAPI

from platform_api.app import VERSION
from platform_api.wiring import RunningLoops


def build_loops_app(assemble: Callable[[], AbstractAsyncContextManager[RunningLoops]]) -> FastAPI:
    """Build the app; its lifespan runs the loops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with assemble() as running:
            app.include_router(probe_routes({"database": running.database.ping, "loops": running.loops.check}))
            yield

    return create_app("Darkroom platform loops", VERSION, lifespan=lifespan)

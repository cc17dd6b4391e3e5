"""The worker's HTTP application: probes and metrics only. Steps come through the queue."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from darkroom_chassis.probes import probe_routes
from darkroom_chassis.service import create_app
from fastapi import FastAPI

from gpu_worker import VERSION
from gpu_worker.backends.backend_list import BackendList
from gpu_worker.models.profile import Profile
from gpu_worker.settings import WorkerSettings
from gpu_worker.wiring.service import assemble


def build_app(settings: WorkerSettings, profile: Profile, listed: BackendList) -> FastAPI:
    """Return the application; the workers start and stop with its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with assemble(settings, profile, listed) as running:
            app.include_router(probe_routes(running.checks, running.details))
            yield

    return create_app("Darkroom gpu-worker", VERSION, lifespan=lifespan)

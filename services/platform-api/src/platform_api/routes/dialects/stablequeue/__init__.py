"""The dialect of StableQueue clients, versions 1 and 2."""

from platform_api.routes.dialects.stablequeue import generation, images, jobs, keys, resources, servers

ROUTERS = (
    keys.router,
    servers.router,
    generation.router,
    jobs.router,
    images.router,
    resources.router,
)

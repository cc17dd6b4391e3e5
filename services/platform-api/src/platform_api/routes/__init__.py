"""All routes of the service."""

from platform_api.routes import accounts, assets, catalogue, jobs, presets, previews, streams
from platform_api.routes.dialects import emprops, ourvidz, stablequeue

ROUTERS = (
    *ourvidz.ROUTERS,
    *jobs.ROUTERS,
    *streams.ROUTERS,
    *assets.ROUTERS,
    catalogue.router,
    presets.router,
    previews.router,
    *accounts.ROUTERS,
    *stablequeue.ROUTERS,
    *emprops.ROUTERS,
)

"""The routes under /api/assets."""

from platform_api.routes.assets import assets, content, replay

ROUTERS = (
    assets.router,
    content.router,
    replay.router,
)

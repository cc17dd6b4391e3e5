"""The routes under /api/assets."""

from platform_api.routes.assets import assets, content, replay, uploads

ROUTERS = (
    assets.router,
    content.router,
    replay.router,
    uploads.router,
)

"""The routes under /api/assets."""

from platform_api.routes.assets import assets, content

ROUTERS = (
    assets.router,
    content.router,
)

"""The routes under /api/assets."""

from platform_api.routes.assets import archive, assets, content, marks, replay, uploads

ROUTERS = (
    marks.router,  # before the routes of one asset, which would take `tags` for an id
    assets.router,
    content.router,
    archive.router,
    replay.router,
    uploads.router,
)

"""The routes under /api/jobs that all dialects share."""

from platform_api.routes.jobs import cancel, failsafe, history, list, read, retry, why

ROUTERS = (
    read.router,
    list.router,
    history.router,
    cancel.router,
    retry.router,
    failsafe.router,
    why.router,
)

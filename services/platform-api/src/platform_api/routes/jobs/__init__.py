"""Routes under /api/jobs, shared by all dialects."""

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

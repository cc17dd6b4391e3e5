"""Routes under /api/jobs, shared by all dialects."""

from platform_api.routes.jobs import cancel, failsafe, groups, history, listing, read, reported_steps, retry, why

ROUTERS = (
    read.router,
    listing.router,
    history.router,
    cancel.router,
    retry.router,
    failsafe.router,
    why.router,
    groups.router,
    reported_steps.router,
)

"""Event streams: of one job, and of all jobs of a user."""

from platform_api.routes.streams import job_stream, user_stream

ROUTERS = (
    job_stream.router,
    user_stream.router,
)

"""What belongs to a user: identity, sessions, credits."""

from platform_api.routes.accounts import credits, identity, sessions

ROUTERS = (
    identity.router,
    sessions.router,
    credits.router,
)

"""Routes of a user's account: identity, sessions, credits."""

from platform_api.routes.accounts import admin_users, credits, identity, sessions

ROUTERS = (
    identity.router,
    sessions.router,
    credits.router,
    admin_users.router,
)

"""Routes of a user's account: identity, sessions, credits, personal data; and of users, for operators."""

from platform_api.routes.accounts import admin_users, credits, identity, personal_data, sessions

ROUTERS = (
    identity.router,
    personal_data.router,
    sessions.router,
    credits.router,
    admin_users.router,
)

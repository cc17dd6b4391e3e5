"""The scope that each route requires of API keys. Routes that are not listed cannot be used with any key."""

from collections.abc import Iterable
from enum import Enum

from darkroom_chassis.errors import AppError
from darkroom_schemas.api_key import Scope, grants
from darkroom_schemas.errors import ErrorCode
from fastapi import Request
from fastapi.routing import APIRoute

READS = frozenset({"GET", "HEAD"})

BY_TAG: dict[str, tuple[Scope, Scope]] = {
    "jobs": (Scope.JOBS_READ, Scope.JOBS_WRITE),
    "assets": (Scope.ASSETS_READ, Scope.ASSETS_WRITE),
    "stablequeue": (Scope.JOBS_READ, Scope.JOBS_WRITE),
    "servers": (Scope.SERVERS_READ, Scope.SERVERS_WRITE),
    "workflows": (Scope.WORKFLOWS_READ, Scope.WORKFLOWS_WRITE),
    "collections": (Scope.COLLECTIONS_READ, Scope.COLLECTIONS_WRITE),
    "presets": (Scope.JOBS_READ, Scope.JOBS_WRITE),
    "api keys": (Scope.KEYS_MANAGE, Scope.KEYS_MANAGE),
}
"""Scopes of reading and of writing routes, by tag."""

BY_OPERATION: dict[str, Scope] = {
    "generate_collection": Scope.JOBS_WRITE,
    "archive_assets": Scope.ASSETS_READ,  # POST, because the list of ids is too long for a query
    "get_me": Scope.ACCOUNT_READ,
    "get_credits": Scope.ACCOUNT_READ,
    "adjust_credits": Scope.EVERYTHING,
    **dict.fromkeys(
        ("list_users", "get_user", "grant_credits", "block_user", "unblock_user", "revoke_user_keys"), Scope.EVERYTHING
    ),
    "issue_token": Scope.EVERYTHING,  # tokens have no scopes: only a key with all scopes may obtain one
    "log_in": Scope.EVERYTHING,  # sessions have no scopes either
    "log_out": Scope.EVERYTHING,
    "export_me": Scope.EVERYTHING,
    "delete_me": Scope.EVERYTHING,
    "issue_ticket": Scope.JOBS_READ,
    "report_step": Scope.EVERYTHING,  # asks for no key: webhook-dispatcher signs the request
}
"""Exceptions, and routes whose tag has no scopes."""


def needed_scope(operation_id: str | None, tags: Iterable[str | Enum], method: str) -> Scope | None:
    """Return the scope that a route requires, or None if no key may use it."""
    if operation_id in BY_OPERATION:
        return BY_OPERATION[operation_id]
    for tag in tags:
        if tag in BY_TAG:
            read, write = BY_TAG[str(tag)]
            return read if method in READS else write
    return None


def require_scope(request: Request, held: tuple[str, ...]) -> None:
    """Raise 403 unless the key has the scope that the route requires."""
    route = request.scope.get("route")
    needed = needed_scope(route.operation_id, route.tags, request.method) if isinstance(route, APIRoute) else None
    if needed is None:
        raise AppError(403, ErrorCode.FORBIDDEN, "This route cannot be used with an API key.")
    if not grants(held, needed):
        sentence = f"The API key lacks the scope {needed}."
        raise AppError(403, ErrorCode.FORBIDDEN, sentence, extra={"required_scope": needed})

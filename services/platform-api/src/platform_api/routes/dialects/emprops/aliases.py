"""EmProps paths without `/api`, and older EmProps paths, mapped to the current paths."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

_RULES = (
    (re.compile(r"/(?:api/)?create-simple-collection\Z"), "/api/workflows/create-simple-collection"),
    (re.compile(r"/(?:api/)?generator/v2/([^/]+)\Z"), r"/api/collections/\1/generate"),
    (re.compile(r"/((?:jobs|collections|workflows|models|custom-nodes)(?:/.*)?)\Z"), r"/api/\1"),
)


class EmPropsAliases:
    """Middleware that rewrites the path before routing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = canonical(scope["path"])
            if path != scope["path"]:
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


def canonical(path: str) -> str:
    """Return the current path for `path`; most paths are returned unchanged."""
    for pattern, stands_for in _RULES:
        if match := pattern.match(path):
            return match.expand(stands_for)
    return path

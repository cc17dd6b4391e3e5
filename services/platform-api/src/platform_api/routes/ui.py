"""The web UI: its pages at the paths that it routes itself, and their files under `/ui`."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from darkroom_chassis.errors import AppError
from darkroom_schemas.errors import ErrorCode
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from platform_api.http.ui_files import INDEX, UiFile

PAGES = ("/studio", "/library", "/credits", "/keys", "/console")
METHODS = ["GET", "HEAD"]
_IMMUTABLE = "public, max-age=31536000, immutable"
_REVALIDATED = "no-cache"


def content_security_policy(services: Sequence[str] = ()) -> str:
    """Return the policy of the pages. `services` are the origins of other services that the pages call."""
    return "; ".join(
        [
            "default-src 'none'",
            "base-uri 'none'",
            " ".join(["connect-src 'self'", *services]),
            "form-action 'none'",
            "frame-ancestors 'none'",
            "img-src 'self'",
            "media-src 'self'",
            "require-trusted-types-for 'script'",
            "script-src 'self'",
            "style-src 'self'",
            "trusted-types darkroom-worker",
            "worker-src 'self'",
        ]
    )


def ui_headers(services: Sequence[str] = ()) -> dict[str, str]:
    """Return the security headers of every file of the UI."""
    return {
        "Content-Security-Policy": content_security_policy(services),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def origins_of(url: str) -> list[str]:
    """Return scheme, host and port of a URL, for its requests and for its WebSockets."""
    parts = urlsplit(url)
    return [f"{scheme}://{parts.netloc}" for scheme in (parts.scheme, parts.scheme.replace("http", "ws"))]


class UiPages:
    """Serves the files of the web UI.

    Its console calls queue-api at `queue_url`, without which there is no console, and webhook-dispatcher at
    `webhooks_url`. Open pages see by the `build` of their configuration that there are newer files.
    """

    def __init__(self, files: Mapping[str, UiFile], queue_url: str = "", webhooks_url: str = "") -> None:
        self._files = files
        self._config = {
            "build": files[INDEX].tag,
            "queue_url": queue_url or None,
            "webhooks_url": webhooks_url or None,
        }
        self._headers = ui_headers(
            [*(origins_of(queue_url) if queue_url else []), *(origins_of(webhooks_url)[:1] if webhooks_url else [])]
        )

    def start(self, request: Request) -> Response:
        """Return the page that all paths of the UI share; the script in it chooses what to show."""
        return self._response(INDEX, request)

    def router(self) -> APIRouter:
        """Return the routes of the pages and their files."""
        router = APIRouter(include_in_schema=False)

        async def page(request: Request) -> Response:
            return self.start(request)

        async def file(request: Request, path: str) -> Response:
            return self._response(f"ui/{path}", request)

        async def config() -> JSONResponse:
            headers = self._headers | {"Cache-Control": _REVALIDATED}
            return JSONResponse(self._config, headers=headers)

        for path in PAGES:
            router.add_api_route(path, page, methods=METHODS)
            router.add_api_route(path + "/{rest:path}", page, methods=METHODS)
        router.add_api_route("/ui/config.json", config, methods=["GET"])
        router.add_api_route("/ui/{path:path}", file, methods=METHODS)
        return router

    def _response(self, name: str, request: Request) -> Response:
        file = self._files.get(name)
        if file is None:
            raise AppError(404, ErrorCode.NOT_FOUND, "There is no such file.")
        content, encoding = file.in_encoding(request.headers.get("accept-encoding", ""))
        # Each encoding is a representation of its own and needs a tag of its own (RFC 9110 §8.8.3).
        tag = f'"{file.tag}-{encoding}"' if encoding else f'"{file.tag}"'
        headers = self._headers | {
            "Cache-Control": _IMMUTABLE if file.is_hashed else _REVALIDATED,
            "ETag": tag,
            "Vary": "Accept, Accept-Encoding",
        }
        if tag in request.headers.get("if-none-match", "").split(", "):
            return Response(status_code=304, headers=headers)
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        return Response(content, headers=headers, media_type=file.media_type)

"""The pages of every service: `/` describes it, `/docs` is Swagger UI, served from a Python package."""

import html
import re
from collections.abc import Callable, Mapping
from importlib.resources import files

from darkroom_schemas.errors import ErrorCode
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from darkroom_chassis.errors import AppError

POLICY = (
    "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; img-src 'self' data:; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'"
)
"""Content-Security-Policy. `unsafe-inline` is for the style attributes of Swagger UI."""
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
LINKS = {"API to try out": "/docs", "OpenAPI document": "/openapi.json", "Readiness": "/readyz", "Metrics": "/metrics"}
_CODE = re.compile(r"`([^`]+)`")
"""Markdown code spans in the sentence on `/`, which is also part of the OpenAPI document."""
_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_DOCS = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/start.js"></script>
</html>
"""
_START = """window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
    layout: "BaseLayout",
  });
});
"""
_LANDING = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto; padding: 0 1.5rem; }}
  h1 {{ font-size: 1.5rem; margin-bottom: 0; }}
  .version {{ opacity: 0.6; margin-top: 0; }}
  li {{ margin: 0.25rem 0; }}
</style>
<h1>{title}</h1>
<p class="version">Version {version}</p>
<p>{summary}</p>
<ul>
{links}
</ul>
</html>
"""


StartPage = Callable[[Request], Response]


def add_pages(app: FastAPI, summary: str, start_page: StartPage | None = None) -> None:
    """Serve the pages. `summary` is the sentence on `/`. Without `text/html` in Accept, `/` returns JSON.

    Browsers get `start_page` at `/` instead, if there is one.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def landing(request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", "text/html"):
            return JSONResponse(_landing_data(app, summary))
        if start_page is not None:
            return start_page(request)
        return HTMLResponse(_landing_page(app, summary), headers=HEADERS)

    @router.get("/docs")
    async def docs() -> Response:
        return HTMLResponse(_DOCS.format(title=html.escape(app.title)), headers=HEADERS)

    @router.get("/docs/assets/{name}")
    async def asset(name: str) -> Response:
        if name == "start.js":
            return Response(_START, media_type="text/javascript", headers=HEADERS)
        if name not in _ASSETS:
            raise AppError(404, ErrorCode.NOT_FOUND, "There is no such file.")
        content = files("fastapi_swagger").joinpath("resources", name).read_bytes()
        caching = {"Cache-Control": "public, max-age=86400"}
        return Response(content, media_type=_ASSETS[name], headers=HEADERS | caching)

    app.include_router(router)


def _landing_data(app: FastAPI, summary: str) -> Mapping[str, object]:
    return {"name": app.title, "version": app.version, "summary": summary, "links": LINKS}


def _landing_page(app: FastAPI, summary: str) -> str:
    items = [f'<li><a href="{path.removeprefix("/")}">{html.escape(name)}</a></li>' for name, path in LINKS.items()]
    return _LANDING.format(
        title=html.escape(app.title),
        version=html.escape(app.version),
        summary=_CODE.sub(r"<code>\1</code>", html.escape(summary)),
        links="\n".join(items),
    )

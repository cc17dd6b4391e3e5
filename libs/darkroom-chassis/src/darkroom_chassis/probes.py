"""`/livez` (the process runs), `/readyz` (it can serve requests) and `/metrics` (Prometheus)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[object]]
Detail = Callable[[], object]
"""Returns what JSON can express."""
CHECK_TIMEOUT_S = 2.0


class NotReady(Exception):
    """Raised by a check whose reason `/readyz` may show."""


def probe_routes(checks: Mapping[str, Check], details: Mapping[str, Detail] | None = None) -> APIRouter:
    """Build the three routes. A check passes by returning; it fails by raising or by taking more than 2 s.

    `details` are more fields of `/readyz`; they do not decide whether the service is ready.
    """
    router = APIRouter(tags=["operations"])

    @router.get("/livez", summary="Is the process alive?")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", summary="Can the service do its job now?", responses={503: {"description": "Not ready"}})
    async def readyz(request: Request) -> JSONResponse:
        results = dict(zip(checks, await asyncio.gather(*map(_run, checks.values())), strict=True))
        if request.app.state.stopping.is_set():
            results["draining"] = "the service is stopping"
        failed = {name: reason for name, reason in results.items() if reason is not None}
        body: dict[str, object] = {
            "status": "unready" if failed else "ok",
            "checks": {name: reason or "ok" for name, reason in results.items()},
        }
        body |= {name: detail() for name, detail in (details or {}).items()}
        return JSONResponse(body, status_code=503 if failed else 200)

    @router.get("/metrics", summary="Prometheus metrics", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _run(check: Check) -> str | None:
    """Return None if the check passes, else a reason without internal details: a type's name, or NotReady's text.

    A check that takes too long is cancelled but not awaited: a driver may wait for its server even then.
    """
    task = asyncio.ensure_future(check())
    done, _ = await asyncio.wait({task}, timeout=CHECK_TIMEOUT_S)
    if not done:
        task.cancel()
        task.add_done_callback(_discard_result)
        return f"no answer within {CHECK_TIMEOUT_S:g} s"
    error = task.exception()
    if isinstance(error, NotReady):
        return str(error)
    return None if error is None else type(error).__name__


def _discard_result(task: "asyncio.Future[object]") -> None:
    """Retrieve the exception, so that asyncio does not log it."""
    _ = task.cancelled() or task.exception()

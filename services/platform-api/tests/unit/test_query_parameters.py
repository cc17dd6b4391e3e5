"""Every route refuses query parameters that it does not have, those that resolve their own parameters included."""

from contextlib import AbstractAsyncContextManager

import httpx
from fastapi import Response
from fastapi.routing import APIRoute, iter_route_contexts
from platform_api.app import build_app
from platform_api.http.query_parameters import KnownQueryRoute
from platform_api.http.requests import AnyContentTypeRoute, Limit
from platform_api.wiring import Running


def never() -> AbstractAsyncContextManager[Running]:
    raise AssertionError("nothing is opened")


async def listed(limit: Limit = 50) -> dict[str, int]:
    return {"limit": limit}


async def made() -> Response:
    return Response("made")


def test_every_route_but_pages_and_probes_knows_its_parameters() -> None:
    app = build_app(never, max_body_bytes=1000)
    routes = [context.original_route for context in iter_route_contexts(app.routes)]
    documented = [route for route in routes if isinstance(route, APIRoute) and route.include_in_schema]
    ours = [route for route in documented if route.tags != ["operations"]]
    assert len(ours) > 50
    assert [route.path for route in ours if not isinstance(route, KnownQueryRoute)] == []


async def test_unknown_parameter_is_named_with_those_that_are_known() -> None:
    app = build_app(never, max_body_bytes=1000)
    app.state.context = None
    app.router.add_api_route("/listed", listed, route_class_override=KnownQueryRoute)
    app.router.add_api_route("/made", made, methods=["POST"], route_class_override=AnyContentTypeRoute)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://platform") as http:
        assert (await http.get("/listed?limit=7")).json() == {"limit": 7}
        answer = await http.get("/listed?limt=7&limit=3&limt=9")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        [error] = answer.json()["errors"]
        assert answer.json()["error"].endswith("; did you mean `limit`?")
        assert (error["field"], "did you mean `limit`" in error["message"]) == ("limt", True)
        assert (await http.post("/made")).text == "made"
        assert (await http.post("/made?dry_run=1")).json()["errors"][0]["field"] == "dry_run"
        assert (await http.get("/made?dry_run=1")).status_code == 405
        many = await http.get("/listed?" + "&".join(f"{'x' * 100}{number}=1" for number in range(300)))
        assert len(many.json()["errors"]) == 20
        assert len(many.content) < 20_000

"""Routes that resolve their parameters themselves must not pass over what stands beside the parameters."""

import httpx
from fastapi import Depends, FastAPI, HTTPException, Response
from platform_api.http.requests import AnyContentTypeRoute


async def refuse() -> None:
    raise HTTPException(403)


async def answer() -> Response:
    return Response("answered")


async def test_dependencies_of_a_route_are_asked() -> None:
    app = FastAPI()
    app.state.context = None
    app.router.add_api_route("/open", answer, route_class_override=AnyContentTypeRoute)
    app.router.add_api_route("/shut", answer, route_class_override=AnyContentTypeRoute, dependencies=[Depends(refuse)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://platform") as http:
        assert [(await http.get(path)).status_code for path in ("/open", "/shut")] == [200, 403]

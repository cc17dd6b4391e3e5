"""Routes that need Redis. They respond with 503 in time while it hangs."""

from collections.abc import Callable, Coroutine
from typing import Any

from darkroom_chassis.availability import NEEDED_S, ServerUnavailable
from darkroom_redis import RedisUnavailable
from fastapi import Request, Response
from fastapi.routing import APIRoute

from queue_api.context import context_of

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class BoundedRoute(APIRoute):
    """Waits at most `NEEDED_S`, and not at all during a known outage of Redis."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_in_time(request: Request) -> Response:
            await request.body()  # before the timeout begins, since clients may be slow
            try:
                return await context_of(request).redis.ask(lambda: handle(request), NEEDED_S)
            except ServerUnavailable as error:
                raise RedisUnavailable(str(error)) from error

        return handle_in_time

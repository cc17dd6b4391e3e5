"""Routes that resolve their parameters in one pass. FastAPI's solver takes a third of the time of a short request.

A route is direct if its parameters are limited to the context, the caller, ids in the path, header fields and one body,
and it returns a `Response`. Its declaration still defines the OpenAPI document. FastAPI handles all other routes.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, get_args, get_type_hints

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends, Header
from pydantic import BaseModel, ValidationError

from platform_api.context import Context, context_of
from platform_api.http.auth import authenticate, caller, user, user_of

Endpoint = Callable[..., Coroutine[Any, Any, Response]]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Resolve = Callable[[Request, Context], Awaitable[Any]]


async def _the_context(_: Request, context: Context) -> Context:
    return context


async def _the_user(request: Request, context: Context) -> Any:
    return user_of(await authenticate(request, context))


class Direct:
    """Resolves the parameters of endpoints: `dependencies`, the context and the caller."""

    def __init__(self, dependencies: dict[Any, Resolve]) -> None:
        self._handlers: dict[Endpoint, Handler | None] = {}
        self._known = dependencies | {context_of: _the_context, caller: authenticate, user: _the_user}

    def handler(self, endpoint: Endpoint) -> Handler | None:
        """Return the handler of an endpoint, or None if FastAPI must handle it."""
        if endpoint not in self._handlers:
            self._handlers[endpoint] = self._make_handler(endpoint)
        return self._handlers[endpoint]

    def _make_handler(self, endpoint: Endpoint) -> Handler | None:
        hints = get_type_hints(endpoint, include_extras=True)
        if hints["return"] is not Response:
            return None  # FastAPI serializes the response
        found = [(name, self._resolver(hints[name])) for name in inspect.signature(endpoint).parameters]
        resolvers = [(name, resolver) for name, resolver in found if resolver is not None]
        if len(resolvers) < len(found):
            return None
        # The body comes last: validation errors are reported to authenticated callers only.
        resolvers.sort(key=lambda pair: isinstance(pair[1], _Body))

        async def handle(request: Request) -> Response:
            context: Context = request.app.state.context
            return await endpoint(**{name: await resolve(request, context) for name, resolve in resolvers})

        return handle

    def _resolver(self, hint: Any) -> Resolve | None:
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            return _Body(hint)
        for extra in get_args(hint)[1:]:
            if isinstance(extra, Depends):
                return self._known.get(extra.dependency)
            if isinstance(extra, Header) and extra.alias:
                return _HeaderField(extra.alias)
        return None


class _HeaderField:
    def __init__(self, name: str) -> None:
        self._name = name

    async def __call__(self, request: Request, _: Context) -> str | None:
        return request.headers.get(self._name)


class _Body:
    """Validates a JSON body. Errors have the same locations as FastAPI's."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    async def __call__(self, request: Request, _: Context) -> BaseModel:
        raw = await request.body()
        if not raw:
            raise _refusal("missing", "Field required")
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):  # includes invalid UTF-8 and numbers with thousands of digits
            raise _refusal("json_invalid", "must be JSON") from None
        try:
            return self._model.model_validate(found)
        except ValidationError as error:
            located = [one | {"loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
            raise RequestValidationError(located) from None


def _refusal(kind: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("body",), "msg": message}])

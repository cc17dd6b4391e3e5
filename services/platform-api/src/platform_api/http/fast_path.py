"""Routes that bypass FastAPI's dependency solver, which takes a third of the time of a short request (ADR 8).

A route opts in by its class. Its declaration still defines the OpenAPI document, so the class accepts only what it can
reproduce exactly, and raises `TypeError` at import for anything else.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast, get_args, get_origin, get_type_hints

from darkroom_schemas.ids import JobId
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends, Header
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from platform_api.context import Context, context_of
from platform_api.http.auth import authenticate, caller, user, user_of
from platform_api.http.requests import AnyContentTypeRoute, job_id_in_path

Endpoint = Callable[..., Coroutine[Any, Any, Response]]
Resolve = Callable[[Request, Context], Awaitable[Any]]


class FastRoute(AnyContentTypeRoute):
    """Resolves the parameters of its endpoint in one pass.

    The endpoint may take the context, the caller, a job id from the path, optional text headers, and one body. It has
    no other dependencies and returns a `Response`. Requests with a query string are handled by FastAPI, which rejects
    them.
    """

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if self.dependencies:
            raise TypeError(f"{path}: a fast route has no dependencies besides its parameters")
        self._parameters = _resolvers(path, endpoint)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"] or scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        request = Request(scope, receive, send)
        context: Context = request.app.state.context
        try:
            arguments = {name: await resolve(request, context) for name, resolve in self._parameters}
        except ClientDisconnect as error:
            raise HTTPException(400, "There was an error parsing the body") from error  # as FastAPI answers
        response = await cast("Endpoint", self.endpoint)(**arguments)
        await response(scope, receive, send)


def _resolvers(path: str, endpoint: Endpoint) -> list[tuple[str, Resolve]]:
    hints = get_type_hints(endpoint, include_extras=True)
    if hints.get("return") is not Response:
        raise TypeError(f"{path}: a fast route returns a Response")
    found = []
    for name, parameter in inspect.signature(endpoint).parameters.items():
        resolve = _resolver(hints[name], parameter.default)
        if resolve is None:
            raise TypeError(f"{path}: a fast route cannot resolve the parameter `{name}` as FastAPI does")
        found.append((name, resolve))
    if sum(isinstance(resolve, _Body) for _, resolve in found) > 1:
        raise TypeError(f"{path}: a fast route has one body")
    # The body comes last: validation errors are reported to authenticated callers only.
    return sorted(found, key=lambda pair: isinstance(pair[1], _Body))


def _resolver(hint: Any, default: Any) -> Resolve | None:
    required = default is inspect.Parameter.empty
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return _Body(hint) if required else None
    if get_origin(hint) is None:
        return None
    for extra in get_args(hint)[1:]:
        if isinstance(extra, Depends):
            return _DEPENDENCIES.get(extra.dependency) if required else None
        if isinstance(extra, Header):
            is_plain = default is None and get_args(hint)[0] == str | None
            return _HeaderField(extra.alias) if is_plain and extra.alias else None
    return None


async def _context(_: Request, context: Context) -> Context:
    return context


async def _user(request: Request, context: Context) -> Any:
    return user_of(await authenticate(request, context))


async def _job_id(request: Request, _: Context) -> JobId:
    return await job_id_in_path(request.path_params["job_id"])


_DEPENDENCIES: dict[Any, Resolve] = {context_of: _context, caller: authenticate, user: _user, job_id_in_path: _job_id}


class _HeaderField:
    def __init__(self, name: str) -> None:
        self._name = name

    async def __call__(self, request: Request, _: Context) -> str | None:
        return request.headers.get(self._name)


class _Body:
    """Validates a JSON body and reports errors in the same places as FastAPI."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    async def __call__(self, request: Request, _: Context) -> BaseModel:
        raw = await request.body()
        if not raw:
            raise _refusal("missing", "Field required")
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):  # also for invalid UTF-8 and numbers with thousands of digits
            raise _refusal("json_invalid", "must be JSON") from None
        try:
            return self._model.model_validate(found)
        except ValidationError as error:
            located = [one | {"loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
            raise RequestValidationError(located) from None


def _refusal(kind: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("body",), "msg": message}])

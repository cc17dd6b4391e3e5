"""`/api/v1/servers`: the aliases for `target_server_alias`."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from darkroom_chassis.api_keys import KeyKind
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import Text
from darkroom_schemas.worker import Capabilities
from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from platform_api.context import Ctx
from platform_api.domain.errors import Forbidden
from platform_api.domain.idempotency import UnitOfWork
from platform_api.domain.servers import BACKEND_TYPES, Server
from platform_api.http.auth import Authenticated, Caller, caller, principal_of
from platform_api.http.numbers import NotBoolean
from platform_api.http.requests import IdempotencyHeader, answered, keyed
from platform_api.routes.dialects.stablequeue.answers import StableQueueRoute

PATH, ONE = "/api/v1/servers", "/api/v1/servers/{alias}"
router = APIRouter(tags=["servers"], route_class=StableQueueRoute)
_ALIAS = r"^[^\x00-\x1f/]{1,100}$"
Alias = Annotated[Text, Field(pattern=_ALIAS)]
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "The alias is taken"}}
FIXED: dict[int | str, dict[str, Any]] = {403: {"description": "The server is part of the configuration"}}
MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "No server has this alias"}}


class ServerBody(RequestBody):
    """A server. Its address is `apiUrl`, or `host` and `port`; its credentials are configured in its worker."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"alias": "Studio", "apiUrl": "http://forge:7860", "description": "the one in the studio"}]
        },
    )

    alias: Alias
    apiUrl: Annotated[Text, Field(max_length=500, pattern=r"^https?://[^\x00\s]+$")] | None = None
    host: Annotated[Text, Field(max_length=253, pattern=r"^[A-Za-z0-9.:_\[\]-]+$")] | None = None
    port: Annotated[int, Field(ge=1, le=65535), NotBoolean] | None = None
    description: Annotated[Text, Field(max_length=1000)] = ""

    @model_validator(mode="after")
    def _one_address(self) -> "ServerBody":
        if self.apiUrl is not None and (self.host is not None or self.port is not None):
            raise ValueError("send `apiUrl`, or `host` and `port`")
        if (self.host is None) != (self.port is None):
            raise ValueError("`host` and `port` must be sent together")
        return self

    def server(self) -> Server:
        """Return the requested server."""
        url = self.apiUrl or (f"http://{self.host}:{self.port}" if self.host else None)
        return Server(self.alias, url, self.description)


class ServerItem(BaseModel):
    """A server. `app_types` are served by live workers; if empty, the platform's own pipelines serve the alias."""

    alias: str
    apiUrl: str | None
    description: str
    app_types: list[str]
    configured: bool = Field(description="Defined in the platform's configuration; cannot be changed here.")
    created_at: datetime | None
    updated_at: datetime | None


class ServerAnswer(BaseModel):
    """One server, after the change."""

    success: bool = True
    message: str
    server: ServerItem


class ServerRemoved(BaseModel):
    """The server was removed; its alias can be used again."""

    success: bool = True
    message: str = "The server was removed."


async def _alias(
    alias: Annotated[str, Path(description="Alias of a server.", json_schema_extra={"maxLength": 100})], context: Ctx
) -> str:
    if not re.fullmatch(_ALIAS, alias):
        raise await context.servers.unknown(alias, await context.jobs.fleet.live())
    return alias


async def _operator(who: Authenticated) -> Caller:
    if who.kind is not KeyKind.ADMIN:
        raise Forbidden("Only an operator's key can change servers.")
    return who


AliasPath = Annotated[str, Depends(_alias)]
OPERATOR = [Depends(_operator)]
OperatorCaller = Annotated[Caller, Depends(_operator)]


@router.get(PATH, operation_id="list_servers", summary="List servers", dependencies=[Depends(caller)])
async def list_servers(context: Ctx) -> list[ServerItem]:
    """List all servers, sorted by alias."""
    live = await context.jobs.fleet.live()
    return [_item(server, live) for server in await context.servers.all(live)]


@router.get(ONE, operation_id="get_server", summary="Read a server", dependencies=[Depends(caller)], responses=MISSING)
async def get_server(alias: AliasPath, context: Ctx) -> ServerItem:
    """Return one server."""
    live = await context.jobs.fleet.live()
    return _item(await context.servers.get(alias, live), live)


@router.post(
    PATH,
    operation_id="add_server",
    summary="Add a server",
    status_code=201,
    response_model=ServerAnswer,
    responses={
        409: {"description": "The alias is taken, or the first request with this Idempotency-Key is still in progress"},
        422: {"description": "The Idempotency-Key was used with another request"},
    },
)
async def add_server(
    body: ServerBody, context: Ctx, who: OperatorCaller, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Add a server, whose alias jobs can then use."""
    live = await context.jobs.fleet.live()

    async def add(unit: UnitOfWork) -> str:
        added = await context.servers.add(body.server(), servers=unit.servers)
        return ServerAnswer(message="The server was added.", server=_item(added, live)).model_dump_json()

    return answered(await context.idempotency(principal_of(who), keyed(idempotency_key, PATH, body), add), 201)


@router.put(
    ONE,
    operation_id="change_server",
    summary="Change a server",
    dependencies=OPERATOR,
    responses=FIXED | MISSING | CONFLICT,
)
async def change_server(alias: AliasPath, body: ServerBody, context: Ctx) -> ServerAnswer:
    """Replace a server, optionally under a new alias."""
    changed = await context.servers.change(alias, body.server())
    return ServerAnswer(message="The server was changed.", server=_item(changed, await context.jobs.fleet.live()))


@router.delete(
    ONE, operation_id="remove_server", summary="Remove a server", dependencies=OPERATOR, responses=FIXED | MISSING
)
async def remove_server(alias: AliasPath, context: Ctx) -> ServerRemoved:
    """Remove a server. New jobs cannot use its alias; existing jobs are not affected."""
    await context.servers.remove(alias)
    return ServerRemoved()


def _item(server: Server, live: Sequence[Capabilities]) -> ServerItem:
    behind = [can for can in live if server.alias in can.backends]
    return ServerItem(
        alias=server.alias,
        apiUrl=server.api_url,
        description=server.description,
        app_types=[app for app, type_ in BACKEND_TYPES.items() if any(type_ in can.types for can in behind)],
        configured=server.is_configured,
        created_at=server.created_at,
        updated_at=server.updated_at,
    )

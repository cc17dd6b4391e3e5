"""Determines the tenant of a request: the owner of its API key, or the user in X-User-Id of a service key.

An admin key acts for the operator, the tenant `system`, who receives events about workers, machines and job groups. So
does an operator's ticket; with X-User-Id, it reads a user's endpoints and deliveries, sends tests, replays, and sets
`active`, but changes nothing else.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from darkroom_chassis.acting_user import user_id_of
from darkroom_chassis.api_keys import KeyKind, parse_api_key, same_key
from darkroom_chassis.availability import NEEDED_S, ServerUnavailable
from darkroom_chassis.errors import AppError, Unauthenticated
from darkroom_chassis.middleware import ANSWER_HEADERS
from darkroom_redis import RedisUnavailable
from darkroom_redis.operator_tickets import PREFIX as TICKET_PREFIX
from darkroom_schemas.api_key import Scope, grants
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import SYSTEM_TENANT, TenantId
from fastapi import Depends, Header, Request
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from webhook_dispatcher.context import Context, Ctx

Result = TypeVar("Result")
SENDING = frozenset({"send_test", "replay", "replay_delivery"})
"""Operations that make deliveries. They have a limit of their own."""
FOR_USERS = SENDING | {
    *("list_webhooks", "read_webhook", "read_stats", "list_deliveries", "list_attempts"),
    "change_webhook",
}
"""Operations that an operator's ticket may request for a user; `change_webhook` only of `active`."""
_API_KEY = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key of the platform: `dk_user_…`.")
_BEARER = HTTPBearer(auto_error=False, description="The same key as a bearer token.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose endpoints a request concerns, and whose rate limits it counts against."""

    tenant: TenantId
    counted: TenantId
    is_operator: bool = False


async def caller_of(
    request: Request,
    context: Ctx,
    api_key: Annotated[str | None, Depends(_API_KEY)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    x_user_id: Annotated[str | None, Header(description="The user on whose behalf a service key acts.")] = None,
) -> Caller:
    """Return the caller of the request, which counts against its rate limits.

    Raises 401 for an invalid credential, 403 for a missing scope or user, 429 beyond a limit.
    """
    text = api_key or (bearer.credentials if bearer else "")
    if text.startswith(TICKET_PREFIX):
        caller = await _operator(request, context, text, x_user_id)
    else:
        caller = await _authenticated(request, context, text, x_user_id)
    quotas, route = context.quotas, request.scope.get("route")
    sends = isinstance(route, APIRoute) and route.name in SENDING
    applied = (quotas.requests, quotas.sends) if sends else (quotas.requests,)
    await quotas.limiter.admit(caller.counted, applied, getattr(request.state, ANSWER_HEADERS))
    return caller


CallerDep = Annotated[Caller, Depends(caller_of)]


async def tenant_of(caller: CallerDep) -> TenantId:
    """Return whose endpoints the request concerns."""
    return caller.tenant


async def require_operator(caller: CallerDep) -> None:
    """Raise 403 unless the caller is an operator: with a ticket, or with an admin key."""
    if not caller.is_operator:
        raise AppError(403, ErrorCode.FORBIDDEN, "Only operators may list the webhooks of all users.")


async def only_enables(caller: CallerDep) -> bool:
    """Whether the caller may change nothing of an endpoint but `active`: an operator, of a user's endpoint."""
    return caller.is_operator and caller.tenant != SYSTEM_TENANT


async def _operator(request: Request, context: Context, ticket: str, x_user_id: str | None) -> Caller:
    if not await _ask(context, lambda: context.operator_tickets.is_operator(ticket)):
        raise Unauthenticated("The ticket is not valid; get another one.")
    tenant = TenantId(user_id_of(x_user_id)) if x_user_id else SYSTEM_TENANT
    route = request.scope.get("route")
    if tenant != SYSTEM_TENANT and not (isinstance(route, APIRoute) and route.name in FOR_USERS):
        raise AppError(403, ErrorCode.FORBIDDEN, "Only its owner may do this with a webhook.")
    return Caller(tenant, SYSTEM_TENANT, is_operator=True)


async def _authenticated(request: Request, context: Context, text: str, x_user_id: str | None) -> Caller:
    key = parse_api_key(text)
    published = await _ask(context, lambda: context.directory.find(key.id)) if key else None
    if published is None or not same_key(text, bytes.fromhex(published.sha256)):
        raise Unauthenticated("Send a valid API key: X-API-Key: dk_user_….")
    needed = Scope.WEBHOOKS_READ if request.method in {"GET", "HEAD"} else Scope.WEBHOOKS_WRITE
    if not grants(published.scopes, needed):
        sentence = f"The API key lacks the scope {needed}."
        raise AppError(403, ErrorCode.FORBIDDEN, sentence, extra={"required_scope": needed})
    if published.user_id is not None:
        return _own(TenantId(published.user_id))
    if published.kind == KeyKind.SERVICE and x_user_id:
        return _own(TenantId(user_id_of(x_user_id)))
    if published.kind == KeyKind.ADMIN and not x_user_id:
        return Caller(SYSTEM_TENANT, SYSTEM_TENANT, is_operator=True)
    sentence = "This key belongs to no user: use a user's key, or a service key with X-User-Id."
    raise AppError(403, ErrorCode.FORBIDDEN, sentence)


def _own(tenant: TenantId) -> Caller:
    return Caller(tenant, tenant)


async def _ask(context: Context, question: Callable[[], Awaitable[Result]]) -> Result:
    try:
        return await context.redis.ask(question, NEEDED_S)
    except ServerUnavailable as error:
        raise RedisUnavailable(str(error)) from error


TenantDep = Annotated[TenantId, Depends(tenant_of)]
OnlyEnables = Annotated[bool, Depends(only_enables)]

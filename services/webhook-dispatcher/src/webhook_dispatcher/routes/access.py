"""Determines the tenant of a request: the owner of its API key, or the user in X-User-Id of a service key.

An admin key acts for the operator, the tenant `system`, who receives events about workers, machines and job groups.
"""

from typing import Annotated

from darkroom_chassis.acting_user import user_id_of
from darkroom_chassis.api_keys import KeyKind, parse_api_key, same_key
from darkroom_chassis.availability import NEEDED_S, ServerUnavailable
from darkroom_chassis.errors import AppError, Unauthenticated
from darkroom_chassis.middleware import ANSWER_HEADERS
from darkroom_redis import RedisUnavailable
from darkroom_schemas.api_key import PublishedKey, Scope, grants
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import SYSTEM_TENANT, TenantId
from fastapi import Depends, Header, Request
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from webhook_dispatcher.context import Context, Ctx

SENDING = frozenset({"send_test", "replay", "replay_delivery"})
"""Operations that make deliveries. They have a limit of their own."""
_API_KEY = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key of the platform: `dk_user_…`.")
_BEARER = HTTPBearer(auto_error=False, description="The same key as a bearer token.")


async def tenant_of(
    request: Request,
    context: Ctx,
    api_key: Annotated[str | None, Depends(_API_KEY)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    x_user_id: Annotated[str | None, Header(description="The user on whose behalf a service key acts.")] = None,
) -> TenantId:
    """Return the tenant of the request, which counts against its rate limits.

    Raises 401 for an invalid key, 403 for a missing scope or user, 429 beyond a limit.
    """
    tenant = await _authenticated(request, context, api_key or (bearer.credentials if bearer else ""), x_user_id)
    quotas, route = context.quotas, request.scope.get("route")
    sends = isinstance(route, APIRoute) and route.name in SENDING
    applied = (quotas.requests, quotas.sends) if sends else (quotas.requests,)
    await quotas.limiter.admit(tenant, applied, getattr(request.state, ANSWER_HEADERS))
    return tenant


async def _authenticated(request: Request, context: Context, text: str, x_user_id: str | None) -> TenantId:
    key = parse_api_key(text)
    published = await _published(context, key.id) if key else None
    if published is None or not same_key(text, bytes.fromhex(published.sha256)):
        raise Unauthenticated("Send a valid API key: X-API-Key: dk_user_….")
    needed = Scope.WEBHOOKS_READ if request.method in {"GET", "HEAD"} else Scope.WEBHOOKS_WRITE
    if not grants(published.scopes, needed):
        sentence = f"The API key lacks the scope {needed}."
        raise AppError(403, ErrorCode.FORBIDDEN, sentence, extra={"required_scope": needed})
    if published.user_id is not None:
        return TenantId(published.user_id)
    if published.kind == KeyKind.SERVICE and x_user_id:
        return TenantId(user_id_of(x_user_id))
    if published.kind == KeyKind.ADMIN and not x_user_id:
        return SYSTEM_TENANT
    sentence = "This key belongs to no user: use a user's key, or a service key with X-User-Id."
    raise AppError(403, ErrorCode.FORBIDDEN, sentence)


async def _published(context: Context, key_id: str) -> PublishedKey | None:
    try:
        return await context.redis.ask(lambda: context.directory.find(key_id), NEEDED_S)
    except ServerUnavailable as error:
        raise RedisUnavailable(str(error)) from error


TenantDep = Annotated[TenantId, Depends(tenant_of)]

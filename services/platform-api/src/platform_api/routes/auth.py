"""Who is calling: a JWT, an API key, or a service key together with the user it speaks for. Nobody by default."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from darkroom_chassis.api_keys import KeyKind, parse_api_key, same_key
from darkroom_chassis.errors import AppError, Unauthenticated
from darkroom_schemas.errors import ErrorCode, FieldError
from darkroom_schemas.ids import UserId
from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer

from platform_api.routes.context import Context, Ctx

UUID_PATTERN = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
UUID_TEXT = re.compile(UUID_PATTERN.replace("$", r"\Z"), re.ASCII)
_BEARER = HTTPBearer(auto_error=False, description="A JWT, or an API key `dk_user_…`.")
_API_KEY = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key, instead of the bearer token.")

OPTIONAL_SECURITY: dict[str, Any] = {"security": [{_BEARER.scheme_name: []}, {_API_KEY.scheme_name: []}, {}]}
"""For the OpenAPI document of routes that a signed link or a ticket opens as well."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller. Service and admin keys have no user of their own; `by_key` is False for a JWT."""

    user_id: UserId | None
    kind: KeyKind
    by_key: bool


async def authenticate(request: Request, context: Context) -> Caller:
    """Verify the credential of the request; 401 without one or with a wrong one."""
    credential = request.headers.get("x-api-key") or _bearer(request)
    if credential is None:
        raise Unauthenticated("Send a bearer token or an X-API-Key header.")
    if not credential.startswith("dk_"):
        claims = context.tokens.verify(credential)
        if not UUID_TEXT.match(claims.user_id):
            raise Unauthenticated("The token is not valid.")
        return Caller(claims.user_id, KeyKind.USER, by_key=False)
    return await _key_holder(credential, context, request)


async def caller(
    request: Request,
    context: Ctx,
    _bearer_scheme: Annotated[object, Depends(_BEARER)],
    _key_scheme: Annotated[object, Depends(_API_KEY)],
) -> Caller:
    """Give a route its caller. The two schemes are here for the OpenAPI document."""
    return await authenticate(request, context)


async def user(who: Annotated[Caller, Depends(caller)]) -> UserId:
    """Give a route its user."""
    return user_of(who)


def user_of(who: Caller) -> UserId:
    """Return the user that the caller is or speaks for; 403 when there is none."""
    if who.user_id is None:
        sentence = "This key belongs to no user; with a service key, name one in the X-User-Id header."
        raise AppError(403, ErrorCode.FORBIDDEN, sentence)
    return who.user_id


async def _key_holder(text: str, context: Context, request: Request) -> Caller:
    key = parse_api_key(text)
    stored = await context.accounts.key(key.id) if key else None
    if key is None or stored is None or stored.revoked_at is not None or not same_key(key.text, stored.secret_hash):
        raise Unauthenticated("The API key is not valid.")
    user_id = _named_user(request) if key.kind is KeyKind.SERVICE else stored.user_id
    return Caller(user_id, key.kind, by_key=True)


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _named_user(request: Request) -> UserId | None:
    """Read the user a service key speaks for. Proxies drop names with underscores, hence two spellings."""
    named = request.headers.get("x-user-id") or request.headers.get("user_id")
    if named is None:
        return None
    if not UUID_TEXT.match(named.lower()):
        error = FieldError(field="X-User-Id", message="must be a UUID")
        raise AppError(400, ErrorCode.INVALID_REQUEST, "The request is not valid: X-User-Id.", errors=[error])
    return UserId(named.lower())


Authenticated = Annotated[Caller, Depends(caller)]
CurrentUser = Annotated[UserId, Depends(user)]

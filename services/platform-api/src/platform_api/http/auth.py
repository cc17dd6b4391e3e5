"""Authentication by JWT, API key, service key with an acting user, or browser session."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from darkroom_chassis.acting_user import user_id_of
from darkroom_chassis.api_keys import KeyKind, parse_api_key, same_key
from darkroom_chassis.errors import AppError, Unauthenticated
from darkroom_schemas.api_key import Tier
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import UserId
from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer

from platform_api.context import Context, Ctx
from platform_api.domain.accounts.api_keys import StoredKey
from platform_api.domain.accounts.sessions import hash_of
from platform_api.domain.idempotency import Operator
from platform_api.http.credentials import KEY_PREFIX, credential_of
from platform_api.http.scopes import require_scope

BLOCKED = "This account is blocked."
UUID_PATTERN = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
UUID_TEXT = re.compile(UUID_PATTERN.replace("$", r"\Z"), re.ASCII)
_BEARER = HTTPBearer(auto_error=False, description="A JWT, or an API key `dk_user_…`.")
_API_KEY = APIKeyHeader(
    name="X-API-Key",
    auto_error=False,
    description="An API key, instead of the bearer token; optionally with `X-API-Secret`.",
)
_COOKIE = APIKeyCookie(
    name="darkroom_session",
    auto_error=False,
    description="A session of POST /api/auth/login; with https, the name has the prefix `__Host-`.",
)

OPTIONAL_SECURITY: dict[str, Any] = {
    "security": [{_BEARER.scheme_name: []}, {_API_KEY.scheme_name: []}, {_COOKIE.scheme_name: []}, {}]
}
"""OpenAPI security of routes that also accept a signed link or a ticket."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller. Service and admin keys have no user of their own; `key` is None for JWTs and sessions.

    `until_ms` is the expiry of a JWT in Unix milliseconds; `made_with` is the API key that a JWT or session depends on.
    """

    user_id: UserId | None
    kind: KeyKind
    key: StoredKey | None = None
    until_ms: int | None = None
    made_with: str | None = None

    @property
    def depends_on(self) -> str | None:
        """Return the id of the API key on which the credential depends."""
        return self.key_id or self.made_with

    @property
    def key_id(self) -> str | None:
        return self.key.id if self.key else None

    @property
    def tier(self) -> Tier | None:
        """Return the tier of a user's key. Service keys have the limits of the user they act for."""
        return self.key.tier if self.key and self.kind is KeyKind.USER else None

    @property
    def counted_as(self) -> str:
        """Return the identity under which rate limits are counted."""
        return str(self.key_id if self.tier or self.user_id is None else self.user_id)


async def authenticate(request: Request, context: Context) -> Caller:
    """Verify the credential and count the request; 401 if invalid, 403 if blocked or without scope, 429 if too many."""
    who = await _identify(request, context)
    if who.user_id is not None and await context.accounts.admin.is_blocked(who.user_id):
        raise AppError(403, ErrorCode.FORBIDDEN, BLOCKED)
    await context.accounts.limits.apply(request, who.counted_as, who.tier)
    return who


async def _identify(request: Request, context: Context) -> Caller:
    credential = credential_of(request.headers)
    if credential is None:
        return await _session_holder(request, context)
    if credential.startswith(KEY_PREFIX):
        return await verify_key(credential, request, context)
    claims = await context.accounts.verifier.verify(credential)
    if not UUID_TEXT.match(claims.user_id):
        raise Unauthenticated("The token is not valid.")
    if claims.key_id is not None:
        made_with = await context.accounts.users.key(claims.key_id)
        if made_with is None or not made_with.usable:
            raise Unauthenticated("The API key that this token was issued for is no longer valid.")
        require_scope(request, made_with.scopes)
    return Caller(claims.user_id, KeyKind.USER, until_ms=claims.expires_at * 1000, made_with=claims.key_id)


async def caller(
    request: Request,
    context: Ctx,
    _bearer_scheme: Annotated[object, Depends(_BEARER)],
    _key_scheme: Annotated[object, Depends(_API_KEY)],
    _cookie_scheme: Annotated[object, Depends(_COOKIE)],
) -> Caller:
    """Dependency: the caller. The scheme parameters exist for the OpenAPI document."""
    return await authenticate(request, context)


async def user(who: Annotated[Caller, Depends(caller)]) -> UserId:
    """Dependency: the user."""
    return user_of(who)


def user_of(who: Caller) -> UserId:
    """Return the user that the caller is or acts for; 403 if there is none."""
    if who.user_id is None:
        sentence = "This key belongs to no user; with a service key, name one in the X-User-Id header."
        raise AppError(403, ErrorCode.FORBIDDEN, sentence)
    return who.user_id


def principal_of(who: Caller) -> UserId | Operator:
    """Return the principal that the caller's Idempotency-Keys belong to."""
    return Operator(who.key.id) if who.key and who.kind is KeyKind.ADMIN else user_of(who)


async def verify_key(text: str, request: Request, context: Context) -> Caller:
    """Verify an API key and return its caller; 401 if it is not valid."""
    key = parse_api_key(text)
    stored = await context.accounts.users.key(key.id) if key else None
    if key is None or stored is None or not stored.usable or not same_key(key.text, stored.secret_hash):
        raise Unauthenticated("The API key is not valid.")
    require_scope(request, stored.scopes)
    if stored.is_use_unrecorded(now := context.clock()):
        await context.accounts.api_keys.note_use(key.id, now)
    user_id = _named_user(request) if key.kind is KeyKind.SERVICE else stored.user_id
    return Caller(user_id, key.kind, stored)


async def _session_holder(request: Request, context: Context) -> Caller:
    token = context.accounts.cookies.token_in(request)
    if token is None:
        raise Unauthenticated("Send a bearer token or an X-API-Key header, or log in.")
    session = await context.accounts.logins.sessions.find(hash_of(token), context.clock())
    if session is None:
        raise Unauthenticated("The session has ended; log in again.")
    context.accounts.cookies.check_write(request)
    return Caller(session.user_id, KeyKind.USER, made_with=session.key_id)


def _named_user(request: Request) -> UserId | None:
    """Return the user a service key acts for. Proxies drop header names with underscores, hence two spellings."""
    named = request.headers.get("x-user-id") or request.headers.get("user_id")
    return user_id_of(named) if named is not None else None


async def admin(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Dependency: the caller, if it has an admin key; otherwise 403."""
    if who.kind is not KeyKind.ADMIN:
        raise AppError(403, ErrorCode.FORBIDDEN, "Only an admin key may do this.")
    return who


async def service(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Dependency: the caller, if it has a service key; otherwise 403."""
    if who.kind is not KeyKind.SERVICE:
        raise AppError(403, ErrorCode.FORBIDDEN, "Only a service key may do this.")
    return who


ServiceCaller = Annotated[Caller, Depends(service)]
Authenticated = Annotated[Caller, Depends(caller)]
CurrentUser = Annotated[UserId, Depends(user)]
AdminCaller = Annotated[Caller, Depends(admin)]

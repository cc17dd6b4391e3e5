"""`POST /api/auth/login` and `/api/auth/logout`: sessions for browsers."""

from datetime import datetime
from typing import Annotated

from darkroom_chassis.client_network import client_network
from darkroom_chassis.errors import AppError
from darkroom_chassis.logs import get_logger
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import UserId
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictStr, model_validator

from platform_api.context import Context, Ctx
from platform_api.domain.accounts.sessions import MAX_PASSWORD_CHARACTERS, hash_of, log_in, open_session
from platform_api.domain.errors import UnknownUser
from platform_api.http.auth import BLOCKED, user_of, verify_key
from platform_api.http.query_parameters import KnownQueryRoute

log = get_logger(__name__)
router = APIRouter(tags=["identity"], route_class=KnownQueryRoute)
# JSON bodies only: a form on another site must not be able to log a browser in to another account.
Secret = Annotated[SecretStr, Field(min_length=1, max_length=MAX_PASSWORD_CHARACTERS)]


class LoginRequest(RequestBody):
    """A name with its password, an API key of a user, or the token of a sign-in link."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "anna", "password": "correct horse battery"}]})

    name: Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")] | None = None
    password: Secret | None = None
    api_key: Secret | None = None
    login_token: Secret | None = Field(default=None, description="The token of a link that `darkroom ui` prints.")

    @model_validator(mode="after")
    def _one_way(self) -> "LoginRequest":
        ways = [self.name is not None or self.password is not None, self.api_key is not None]
        if sum([*ways, self.login_token is not None]) != 1 or (self.name is None) != (self.password is None):
            raise ValueError("send `name` and `password`, or `api_key` alone, or `login_token` alone")
        return self

    @property
    def way(self) -> str:
        """Return how the user is identified, for the log."""
        if self.login_token is not None:
            return "link"
        return "password" if self.api_key is None else "api_key"


class LoggedIn(BaseModel):
    """The user of the new session, and when it expires."""

    user_id: str
    name: str
    expires_at: datetime


@router.post(
    "/api/auth/login",
    operation_id="log_in",
    summary="Log in with a browser",
    responses={
        401: {"description": "The name, the password or the API key is wrong"},
        403: {"description": "Another site's page sent it, the key belongs to no user, or the account is blocked"},
        429: {"description": "Too many attempts; see Retry-After"},
    },
)
async def login(body: LoginRequest, request: Request, response: Response, context: Ctx) -> LoggedIn:
    """Open a session and set its cookie. The cookie authenticates reads, and writes from this platform's own pages."""
    if "origin" in request.headers:
        context.accounts.cookies.check_origin(request)
    user_id, key_id = await _identify(body, request, context)
    user = await context.accounts.users.user(user_id)
    if user is None:
        raise UnknownUser
    if await context.accounts.admin.is_blocked(user_id):
        raise AppError(403, ErrorCode.FORBIDDEN, BLOCKED)
    token, session = await open_session(
        user_id,
        key_id,
        sessions=context.accounts.logins.sessions,
        now=context.clock(),
        lifetime=context.accounts.cookies.lifetime,
    )
    context.accounts.cookies.put(response, token)
    response.headers["Cache-Control"] = "no-store"
    log.info("A session was opened", user_id=user_id, by=body.way)
    return LoggedIn(user_id=user_id, name=user.name, expires_at=session.expires_at)


@router.post("/api/auth/logout", operation_id="log_out", summary="Log out", status_code=204)
async def logout(request: Request, context: Ctx) -> Response:
    """End the session of the cookie; idempotent."""
    token = context.accounts.cookies.token_in(request)
    response = Response(status_code=204)
    if token is not None:
        context.accounts.cookies.check_write(request)
        await context.accounts.logins.sessions.remove(hash_of(token))
        context.accounts.cookies.clear(response)
    return response


async def _identify(body: LoginRequest, request: Request, context: Context) -> tuple[UserId, str | None]:
    if body.api_key is not None:
        holder = await verify_key(body.api_key.get_secret_value(), request, context)
        return user_of(holder), holder.key_id
    if body.login_token is not None:
        return context.accounts.sign_in_tokens.verify(body.login_token.get_secret_value()).user_id, None
    assert body.name is not None and body.password is not None  # noqa: S101, PT018 - ensured by the model's validator
    user_id = await log_in(
        body.name,
        body.password.get_secret_value(),
        client_network(request),
        passwords=context.accounts.logins.passwords,
        hasher=context.accounts.logins.hasher,
        throttle=context.accounts.logins.throttle,
    )
    return user_id, None

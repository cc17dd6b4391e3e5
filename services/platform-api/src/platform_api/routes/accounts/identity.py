"""The caller's account, JWTs for API keys, and tickets for browsers."""

from datetime import datetime
from typing import Literal

from darkroom_chassis.api_keys import KeyKind
from darkroom_chassis.errors import AppError
from darkroom_redis import OPERATOR_TICKET_TTL_S, TICKET_TTL_S
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import JobId, TenantId
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from platform_api.context import Ctx
from platform_api.domain.assets.signed_urls import ALL_JOBS, TICKET_LIFETIME_S
from platform_api.domain.errors import NotFound, UnknownUser
from platform_api.http.auth import Authenticated, CurrentUser, user_of
from platform_api.http.errors import invalid
from platform_api.http.identifiers import Uuid
from platform_api.http.operators import check_operator
from platform_api.http.requests import AnyContentTypeRoute

router = APIRouter(tags=["identity"], route_class=AnyContentTypeRoute)
TOKEN_LIFETIME_S = 3600
Audience = Literal["job-stream", "events", "queue", "operator"]


class Token(BaseModel):
    """A JWT for `Authorization: Bearer`. `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a word of RFC 6750, not a secret
    expires_in: int = TOKEN_LIFETIME_S
    user_id: str


class Me(BaseModel):
    """The caller's account; `credits` is the available balance."""

    id: str
    name: str
    credits: float
    created_at: datetime
    operator: bool = Field(description="Whether the user may see and change queues and workers.")


class TicketRequest(RequestBody):
    """The stream or socket that the ticket is for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"audience": "job-stream", "job_id": "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"}]},
    )

    audience: Audience = Field(
        default="job-stream",
        description="One job's stream, the stream of all jobs (`events`), a WebSocket of queue-api (`queue`), or "
        "requests to queue-api and webhook-dispatcher with `Authorization: Bearer <ticket>` (`operator`, for operators "
        "only).",
    )
    job_id: Uuid | None = Field(default=None, description="The job whose stream it is; required for `job-stream` only.")


class Ticket(BaseModel):
    """A ticket to add to a URL: `?ticket=` of a stream, `?token=` of a WebSocket; for `operator`, a bearer token.

    `expires_in` is in seconds. If not `reusable`, it can be used once.
    """

    ticket: str
    audience: Audience
    expires_in: int
    reusable: bool


@router.post(
    "/api/auth/token",
    operation_id="issue_token",
    summary="Get a JWT for an API key",
    responses={403: {"description": "The caller has no API key, or one that belongs to no user"}},
)
async def issue_token(context: Ctx, who: Authenticated) -> Token:
    """Exchange an API key for a token valid for one hour. Revoking the key invalidates the token.

    A service key gets a token for the user in `X-User-Id`.
    """
    if who.key is None:
        # Otherwise a stolen token could be renewed indefinitely.
        raise AppError(403, ErrorCode.FORBIDDEN, "Send an API key; a token or a session cannot renew itself.")
    user_id = user_of(who)
    if await context.accounts.users.user(user_id) is None:
        raise UnknownUser
    return Token(
        access_token=context.accounts.tokens.issue(user_id, ttl_s=TOKEN_LIFETIME_S, key_id=who.key_id), user_id=user_id
    )


@router.post(
    "/api/auth/ticket",
    operation_id="issue_ticket",
    summary="Get a ticket for a stream or a socket",
    responses={
        403: {"description": "Only operators get a ticket for `operator`"},
        404: {"description": "No such job, or it belongs to another user"},
    },
)
async def issue_ticket(body: TicketRequest, context: Ctx, who: Authenticated) -> Ticket:
    """Issue a ticket for EventSource and WebSocket, with which a browser cannot send headers.

    A WebSocket of queue-api receives the caller's events, or with an admin key the events of all users. The socket is
    closed with 4001 when the caller's token expires, or after an hour, which limits how long a revoked key has access.
    """
    if (body.audience == "job-stream") != (body.job_id is not None):
        raise invalid("job_id", "is required for the audience job-stream, and not allowed for others")
    if body.audience == "operator":
        await check_operator(context, who)
        made = await context.streams.operator_tickets.make_operator_ticket()
        return Ticket(ticket=made, audience=body.audience, expires_in=OPERATOR_TICKET_TTL_S, reusable=True)
    if body.audience == "queue":
        tenant = None if who.kind is KeyKind.ADMIN else TenantId(user_of(who))
        ends = int(context.clock().timestamp()) + TOKEN_LIFETIME_S
        ticket = await context.streams.tickets.make(tenant, until_ms=who.until_ms or ends * 1000)
        return Ticket(ticket=ticket, audience=body.audience, expires_in=TICKET_TTL_S, reusable=False)
    user_id, stream = user_of(who), ALL_JOBS
    if body.job_id is not None:
        stream = job_id = JobId(body.job_id)
        if await context.jobs.reads.get(job_id, user_id) is None:
            raise NotFound("job")
    ticket = context.urls.ticket(user_id, stream, context.clock(), who.depends_on)
    return Ticket(ticket=ticket, audience=body.audience, expires_in=TICKET_LIFETIME_S, reusable=True)


@router.get("/api/me", operation_id="get_me", summary="Read the caller's account")
async def me(context: Ctx, user_id: CurrentUser) -> Me:
    """Return the caller's account and available credits."""
    account = await context.accounts.users.user(user_id)
    if account is None:
        raise UnknownUser
    return Me(
        id=account.id,
        name=account.name,
        credits=account.balance_mc / 1000,
        created_at=account.created_at,
        operator=account.is_operator,
    )

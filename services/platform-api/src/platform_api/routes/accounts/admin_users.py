"""`/api/admin/users`: users, their credits, and blocking them, for operators."""

from datetime import datetime
from typing import Annotated

from darkroom_chassis.errors import AppError
from darkroom_chassis.logs import get_logger
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.fields import Text
from darkroom_schemas.ids import UserId
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictFloat

from platform_api.context import Context, Ctx
from platform_api.domain.accounts.credits import MAX_NOTE_CHARACTERS, Adjustment
from platform_api.domain.accounts.user_admin import ListedUser
from platform_api.domain.errors import NotFound
from platform_api.http.identifiers import Uuid
from platform_api.http.operators import OperatorCaller, actor_of
from platform_api.http.requests import AnyContentTypeRoute, IdempotencyHeader, Limit, keyed
from platform_api.routes.accounts.credits import MAX_AMOUNT, AdjustmentAnswer, adjusted

log = get_logger(__name__)
router = APIRouter(prefix="/api/admin/users", tags=["operators"], route_class=AnyContentTypeRoute)
MAX_SEARCH = 100


class AdminUser(BaseModel):
    """A user. `credits` can be spent; `keys` counts API keys that are not revoked; `jobs` counts all jobs so far."""

    id: str
    name: str
    credits: float
    jobs: int
    keys: int
    operator: bool
    blocked_at: datetime | None
    created_at: datetime


class AdminUsers(BaseModel):
    """A page of users. `cursor` is null on the last one."""

    data: list[AdminUser]
    cursor: str | None


class Grant(RequestBody):
    """Credits to add, or to deduct if negative, with the reason that the user's statement shows."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": 25, "note": "invoice 7"}]})

    amount: Annotated[StrictFloat, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, allow_inf_nan=False)]
    note: Annotated[Text, Field(min_length=1, max_length=MAX_NOTE_CHARACTERS)]


class RevokedKeys(BaseModel):
    """The number of keys that were revoked."""

    revoked: int


async def listed_user(user_id: Uuid, context: Ctx, _: OperatorCaller) -> ListedUser:
    """Dependency: the user of the path; 404 if there is none, 403 unless the caller is an operator."""
    return await _found(context, UserId(user_id))


UserInPath = Annotated[ListedUser, Depends(listed_user)]


@router.get("", operation_id="list_users", summary="List users")
async def list_users(
    context: Ctx,
    _: OperatorCaller,
    search: Annotated[Text, Query(max_length=MAX_SEARCH, description="Part of a name, or an id.")] = "",
    limit: Limit = 50,
    cursor: Annotated[Uuid | None, Query(description="Continue after this user.")] = None,
) -> AdminUsers:
    """Return users, the newest first."""
    before = None if cursor is None else UserId(cursor)
    found = await context.accounts.admin.page(search.strip(), limit=limit + 1, before=before)
    shown = found[:limit]
    return AdminUsers(data=[_view(one) for one in shown], cursor=shown[-1].id if len(found) > limit else None)


@router.get("/{user_id}", operation_id="get_user", summary="Read a user")
async def read_user(user: UserInPath) -> AdminUser:
    """Return one user."""
    return _view(user)


@router.post(
    "/{user_id}/credits",
    operation_id="grant_credits",
    summary="Add credits to a user's balance, or deduct them",
    response_model=AdjustmentAnswer,
    responses={
        409: {"description": "The balance is lower than the deduction"},
        422: {"description": "The Idempotency-Key was used with another request"},
    },
)
async def grant_credits(
    user: UserInPath, body: Grant, context: Ctx, who: OperatorCaller, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Change a user's balance. The ledger records the operator's id and the reason."""
    adjustment = Adjustment(user.id, round(body.amount * 1000), body.note, actor=actor_of(who))
    key = keyed(idempotency_key, f"/api/admin/users/{user.id}/credits", body)
    return await adjusted(adjustment, context, who, key)


@router.post(
    "/{user_id}/block",
    operation_id="block_user",
    summary="Block a user",
    responses={409: {"description": "The user is an operator"}},
)
async def block_user(user: UserInPath, context: Ctx, who: OperatorCaller) -> AdminUser:
    """End all sessions of a user, revoke all API keys, and refuse every credential until the user is unblocked.

    Jobs that were accepted go on. Other replicas refuse within five seconds.
    """
    if user.is_operator:
        raise AppError(
            409, ErrorCode.CONFLICT, "An operator cannot be blocked: `darkroom user operator --revoke` first."
        )
    await context.accounts.admin.block(user.id)
    log.info("A user was blocked", user_id=user.id, by=actor_of(who))
    return _view(await _found(context, user.id))


@router.post("/{user_id}/unblock", operation_id="unblock_user", summary="Unblock a user")
async def unblock_user(user: UserInPath, context: Ctx, who: OperatorCaller) -> AdminUser:
    """Let a user authenticate again. API keys that were revoked stay revoked."""
    await context.accounts.admin.unblock(user.id)
    log.info("A user was unblocked", user_id=user.id, by=actor_of(who))
    return _view(await _found(context, user.id))


@router.post("/{user_id}/revoke-keys", operation_id="revoke_user_keys", summary="Revoke all API keys of a user")
async def revoke_keys(user: UserInPath, context: Ctx, who: OperatorCaller) -> RevokedKeys:
    """Revoke all API keys of a user permanently, with immediate effect. Sessions with a password go on."""
    revoked = await context.accounts.admin.revoke_keys(user.id)
    log.info("The keys of a user were revoked", user_id=user.id, by=actor_of(who))
    return RevokedKeys(revoked=revoked)


async def _found(context: Context, user_id: UserId) -> ListedUser:
    user = await context.accounts.admin.get(user_id)
    if user is None:
        raise NotFound("user")
    return user


def _view(user: ListedUser) -> AdminUser:
    return AdminUser(
        id=user.id,
        name=user.name,
        credits=user.balance_mc / 1000,
        jobs=user.jobs,
        keys=user.keys,
        operator=user.is_operator,
        blocked_at=user.blocked_at,
        created_at=user.created_at,
    )

"""Operators: users who operate the platform, and holders of an admin key."""

from typing import Annotated

from darkroom_chassis.api_keys import KeyKind
from darkroom_chassis.errors import AppError
from darkroom_schemas.errors import ErrorCode
from fastapi import Depends

from platform_api.context import Context, Ctx
from platform_api.http.auth import Authenticated, Caller, user_of


async def check_operator(context: Context, who: Caller) -> None:
    """Raise 403 unless the caller has an admin key or is a user who operates the platform."""
    if who.kind is KeyKind.ADMIN:
        return
    account = await context.accounts.users.user(user_of(who))
    if who.kind is not KeyKind.USER or account is None or not account.is_operator:
        raise AppError(403, ErrorCode.FORBIDDEN, "Only operators may do this.")


async def operator(context: Ctx, who: Authenticated) -> Caller:
    """Dependency: the caller, if it is an operator; otherwise 403."""
    await check_operator(context, who)
    return who


def actor_of(who: Caller) -> str:
    """Return who an entry of the ledger is by: the operator's id, or that of the admin key."""
    return f"key {who.key_id}" if who.kind is KeyKind.ADMIN else f"operator {who.user_id}"


OperatorCaller = Annotated[Caller, Depends(operator)]

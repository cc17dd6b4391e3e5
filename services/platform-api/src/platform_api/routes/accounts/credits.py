"""`GET /api/credits`: a user's statement. `POST /api/admin/credits`: adjustments by an operator."""

from datetime import datetime
from typing import Annotated

from darkroom_chassis.idempotency import IdempotencyKey
from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import Text
from darkroom_schemas.ids import UserId
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictFloat

from platform_api.context import Context, Ctx
from platform_api.domain.accounts.credits import (
    MAX_ADJUSTMENT_MC,
    MAX_NOTE_CHARACTERS,
    Adjustment,
    StatementLine,
    adjust_credits,
)
from platform_api.domain.errors import NotFound, UnknownUser
from platform_api.domain.idempotency import UnitOfWork
from platform_api.http.auth import AdminCaller, Caller, CurrentUser, principal_of
from platform_api.http.identifiers import Uuid
from platform_api.http.operators import actor_of
from platform_api.http.requests import AnyContentTypeRoute, IdempotencyHeader, Limit, answered, keyed

router = APIRouter(tags=["credits"], route_class=AnyContentTypeRoute)
MAX_AMOUNT = MAX_ADJUSTMENT_MC / 1000


class CreditLine(BaseModel):
    """One line of the ledger, in credits. `change` is its effect on the balance: 0 for a capture."""

    id: str
    kind: str
    amount: float
    change: float
    balance: float = Field(description="After this line.")
    job_id: str | None
    run: int | None
    output: str | None = Field(description="The output that a capture pays for: number of the step and of the output.")
    note: str | None
    created_at: datetime


class CreditStatement(BaseModel):
    """A page of the ledger, newest first. `balance` can be spent; `reserved` is reserved for active jobs."""

    balance: float
    reserved: float
    data: list[CreditLine]
    error: None = None
    cursor: str | None = Field(description="Pass as `cursor` for the next page; null on the last.")


class AdjustmentRequest(RequestBody):
    """The number of credits to add, or to deduct if negative; resolution 0.001."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"user_id": "019aa7f0-0d7b-7d7a-8a5e-6a2f2a4d3b10", "amount": 25, "note": "invoice 7"}]
        },
    )

    user_id: Uuid
    amount: Annotated[StrictFloat, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, allow_inf_nan=False)]
    note: Annotated[Text, Field(max_length=MAX_NOTE_CHARACTERS)] | None = None


class AdjustmentAnswer(BaseModel):
    """The balance after the change."""

    user_id: str
    amount: float
    balance: float


@router.get("/api/credits", operation_id="get_credits", summary="Read the statement of credits")
async def statement(
    context: Ctx,
    user_id: CurrentUser,
    limit: Limit = 50,
    cursor: Annotated[int | None, Query(ge=1, lt=2**63, description="Continue after this line.")] = None,
) -> CreditStatement:
    """Return the caller's balance and its ledger lines, newest first."""
    found = await context.accounts.credits.statement(user_id, limit=limit, before=cursor)
    if found is None:
        raise UnknownUser
    return CreditStatement(
        balance=found.balance_mc / 1000,
        reserved=found.reserved_mc / 1000,
        data=[_line(line) for line in found.lines],
        cursor=str(found.cursor) if found.cursor else None,
    )


@router.post(
    "/api/admin/credits",
    operation_id="adjust_credits",
    summary="Add or deduct credits",
    response_model=AdjustmentAnswer,
    responses={
        403: {"description": "The caller has no admin key"},
        404: {"description": "No such user"},
        409: {"description": "The balance is lower than the deduction"},
        422: {"description": "The Idempotency-Key was used with another request"},
    },
)
async def adjust(
    body: AdjustmentRequest, context: Ctx, admin: AdminCaller, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Change a user's balance. The ledger records the operator's key and the note."""
    user_id, amount_mc = UserId(body.user_id), round(body.amount * 1000)
    if await context.accounts.users.user(user_id) is None:
        raise NotFound("user")

    adjustment = Adjustment(user_id, amount_mc, body.note, actor=actor_of(admin))
    return await adjusted(adjustment, context, admin, keyed(idempotency_key, "/api/admin/credits", body))


async def adjusted(adjustment: Adjustment, context: Context, who: Caller, key: IdempotencyKey | None) -> Response:
    """Change a balance, once for each key of the caller, and return the response."""

    async def work(unit: UnitOfWork) -> str:
        balance_mc = await adjust_credits(adjustment, credits=unit.credits)
        amount = adjustment.amount_mc / 1000
        return AdjustmentAnswer(user_id=adjustment.user_id, amount=amount, balance=balance_mc / 1000).model_dump_json()

    return answered(await context.idempotency(principal_of(who), key, work))


def _line(line: StatementLine) -> CreditLine:
    return CreditLine(
        id=str(line.id),
        kind=line.kind,
        amount=line.amount_mc / 1000,
        change=line.change_mc / 1000,
        balance=line.balance_mc / 1000,
        job_id=line.job_id,
        run=line.run,
        output=line.item,
        note=line.note,
        created_at=line.created_at,
    )

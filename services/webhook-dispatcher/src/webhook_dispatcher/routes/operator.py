"""`/api/operator`: the endpoints of all tenants, and what waits for delivery, for operators."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from darkroom_schemas.fields import Line
from darkroom_schemas.ids import TenantId
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from webhook_dispatcher.context import Ctx
from webhook_dispatcher.domain.endpoint import EndpointState, WatchedEndpoint
from webhook_dispatcher.routes.access import require_operator
from webhook_dispatcher.routes.bodies import EndpointView, endpoint_view

router = APIRouter(prefix="/api/operator", tags=["operators"], dependencies=[Depends(require_operator)])


class WatchedView(EndpointView):
    """An endpoint with its owner and the state of its deliveries."""

    tenant: str = Field(description="The user whose endpoint it is; `system` for those of the operator.")
    delivered: int
    failed: int
    failing_since: datetime | None = Field(description="When attempts began to fail, without a success since.")
    paused_until: datetime | None = Field(description="End of the pause after several failures in a row.")


class WatchedPage(BaseModel):
    """A page of endpoints. `cursor` is the `before` of the next page, null on the last one."""

    webhooks: list[WatchedView]
    cursor: str | None


class BacklogView(BaseModel):
    """What waits for delivery, of all users."""

    pending: int = Field(description="Deliveries that have not ended.")
    late_s: float = Field(description="Seconds for which the delivery that has been due longest has waited.")
    paused: int = Field(description="Endpoints that are paused after several failures in a row.")
    disabled: int = Field(description="Endpoints that the service has disabled.")


@router.get("/backlog", summary="Count what waits for delivery")
async def read_backlog(context: Ctx) -> BacklogView:
    """Return the backlog of all users. Requires an operator's ticket or an admin key."""
    now = await context.backlog.measure()
    return BacklogView(pending=now.pending, late_s=round(now.late_s, 1), paused=now.paused, disabled=now.disabled)


@router.get("/webhooks", summary="List the endpoints of all users")
async def list_all_webhooks(
    context: Ctx,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[UUID | None, Query(description="`cursor` of the previous page.")] = None,
    state: Annotated[
        EndpointState | None,
        Query(description="`failing`: no attempt has succeeded since the last failure; or `disabled` by the service."),
    ] = None,
    tenant: Annotated[Line | None, Query(max_length=100, description="Only the endpoints of this user.")] = None,
) -> WatchedPage:
    """Return endpoints, newest first. Requires an operator's ticket or an admin key."""
    found = await context.watched.newest(
        limit=limit,
        before=None if before is None else str(before),
        state=state,
        tenant=None if tenant is None else TenantId(tenant),
    )
    return WatchedPage(
        webhooks=[_view(one) for one in found], cursor=found[-1].endpoint.id if len(found) == limit else None
    )


def _view(one: WatchedEndpoint) -> WatchedView:
    return WatchedView(
        **endpoint_view(one.endpoint).model_dump(),
        tenant=one.endpoint.tenant,
        delivered=one.delivered,
        failed=one.failed,
        failing_since=one.failing_since,
        paused_until=one.paused_until,
    )

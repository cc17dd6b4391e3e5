"""The registered endpoints of tenants, as receivers of events."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from darkroom_schemas.ids import TenantId
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from webhook_dispatcher.domain.events import Notice
from webhook_dispatcher.domain.subscription import Filters, received_as
from webhook_dispatcher.store.enqueue import Target
from webhook_dispatcher.store.tables import endpoints

STEPS = "step."


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A registered endpoint, with what it lists and filters."""

    endpoint_id: str
    active: bool
    events: tuple[str, ...]
    filters: Filters


def targets_of(notice: Notice, subscribers: Sequence[Subscriber]) -> list[Target]:
    """Return the endpoints that receive an event, each with the name under which it does."""
    named = [(one, received_as(notice.names, notice.subject, one.events, one.filters)) for one in subscribers]
    return [Target(one.endpoint_id, name, one.active) for one, name in named if name is not None]


def operators_targets_of(notice: Notice, subscribers: Sequence[Subscriber]) -> list[Target]:
    """Return the operator's endpoints that receive an event of a user: a step's, if they list it or its family."""
    if not notice.names[0].startswith(STEPS):
        return []
    return targets_of(notice, [one for one in subscribers if any(name.startswith(STEPS) for name in one.events)])


async def subscribers_of(
    connection: AsyncConnection, tenants: Collection[TenantId]
) -> Mapping[TenantId, Sequence[Subscriber]]:
    """Return the registered endpoints of tenants, and lock them: none is deleted before its deliveries are stored."""
    columns = (endpoints.c.id, endpoints.c.tenant, endpoints.c.active, endpoints.c.events, endpoints.c.filters)
    registered = select(*columns).where(endpoints.c.tenant.in_(tenants), endpoints.c.origin.is_(None))
    found: dict[TenantId, list[Subscriber]] = defaultdict(list)
    for row in await connection.execute(registered.with_for_update(read=True, key_share=True)):
        found[TenantId(row.tenant)].append(Subscriber(row.id, row.active, tuple(row.events), filters_from(row.filters)))
    return found


def filters_from(stored: dict[str, Any]) -> Filters:  # Any: JSON
    """Return filters from their stored form: lists by name."""
    return Filters(**{name: tuple(values) for name, values in stored.items()})

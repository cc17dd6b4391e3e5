"""Distributes the free attempts of a process among tenants and their endpoints."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from darkroom_schemas.ids import TenantId


@dataclass(frozen=True, slots=True)
class Ask:
    """An endpoint that may get up to `attempts`."""

    endpoint_id: str
    tenant: TenantId
    attempts: int


def fair_share(asks: Sequence[Ask], *, slots: int, per_tenant: int, running: Mapping[TenantId, int]) -> dict[str, int]:
    """Return the attempts of each endpoint: one tenant after the other gets one, and in a tenant one endpoint.

    `running` counts the attempts of tenants; none exceeds `per_tenant`.
    """
    shares = {ask.endpoint_id: 0 for ask in asks}
    tenants: dict[TenantId, deque[Ask]] = {}
    for ask in asks:
        if ask.attempts:
            tenants.setdefault(ask.tenant, deque()).append(ask)
    room = {tenant: per_tenant - running.get(tenant, 0) for tenant in tenants}
    turns = deque(tenants)
    while slots and turns:
        tenant = turns.popleft()
        if room[tenant] <= 0:
            continue
        endpoint = tenants[tenant].popleft()
        shares[endpoint.endpoint_id] += 1
        slots, room[tenant] = slots - 1, room[tenant] - 1
        if shares[endpoint.endpoint_id] < endpoint.attempts:
            tenants[tenant].append(endpoint)
        if tenants[tenant]:
            turns.append(tenant)
    return shares

"""The dependencies of routes, built by `wiring` and stored in `app.state`."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, cast

from darkroom_chassis.availability import Availability
from darkroom_chassis.rate_limit import RateLimit, RateLimiter
from darkroom_redis import KeyDirectory, OperatorTickets
from fastapi import Depends, Request

from webhook_dispatcher.domain.ports import (
    DeliveryLog,
    Endpoints,
    Idempotency,
    Measure,
    PublicKeys,
    UrlGuard,
    WatchedEndpoints,
)


@dataclass(frozen=True, slots=True)
class Quotas:
    """What one tenant may do: endpoints that it may register, and its rate limits."""

    endpoints: int
    limiter: RateLimiter
    requests: RateLimit
    sends: RateLimit


@dataclass(frozen=True, slots=True)
class Context:
    """The ports that routes use. Setting `arrived` wakes the dispatcher."""

    directory: KeyDirectory
    operator_tickets: OperatorTickets
    redis: Availability
    endpoints: Endpoints
    watched: WatchedEndpoints
    backlog: Measure
    deliveries: DeliveryLog
    idempotency: Idempotency
    keys: PublicKeys
    arrived: asyncio.Event
    urls: UrlGuard
    quotas: Quotas


async def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(_context)]

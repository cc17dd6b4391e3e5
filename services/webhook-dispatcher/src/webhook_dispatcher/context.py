"""The dependencies of routes, built by `wiring` and stored in `app.state`."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, cast

from darkroom_chassis.availability import Availability
from darkroom_redis import KeyDirectory
from fastapi import Depends, Request

from webhook_dispatcher.domain.ports import DeliveryLog, Endpoints, Idempotency, SecretBox


@dataclass(frozen=True, slots=True)
class Context:
    """The ports that routes use. Setting `arrived` wakes the dispatcher."""

    directory: KeyDirectory
    redis: Availability
    endpoints: Endpoints
    deliveries: DeliveryLog
    idempotency: Idempotency
    box: SecretBox
    arrived: asyncio.Event
    endpoints_per_tenant: int


async def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


Ctx = Annotated[Context, Depends(_context)]

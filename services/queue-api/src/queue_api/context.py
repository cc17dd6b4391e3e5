"""What routes and sockets need, put together by `wiring` and found on the app."""

import hmac
from dataclasses import dataclass
from typing import cast

from darkroom_chassis.availability import Availability
from darkroom_chassis.connection_limit import ConnectionLimit
from darkroom_queue import EventFanout, Insight, Producer, QueueClient, Registry
from darkroom_redis import Tickets
from starlette.requests import HTTPConnection

from queue_api.domain.calibration import Calibration
from queue_api.domain.progress import ProgressSource


@dataclass(frozen=True, slots=True)
class Context:
    """The queue, the sockets' sources and the limits of one process. Without `auth_token` everybody may call."""

    redis_client: QueueClient
    redis: Availability
    producer: Producer
    registry: Registry
    insight: Insight
    calibration: Calibration
    fanout: EventFanout
    progress: ProgressSource
    tickets: Tickets
    connections: ConnectionLimit
    auth_token: str | None
    max_depth: int

    def token_matches(self, given: str) -> bool:
        """Compare with AUTH_TOKEN in constant time."""
        return self.auth_token is not None and hmac.compare_digest(given.encode(), self.auth_token.encode())


def context_of(connection: HTTPConnection) -> Context:
    """Find the context of a request or a socket."""
    return cast("Context", connection.app.state.context)

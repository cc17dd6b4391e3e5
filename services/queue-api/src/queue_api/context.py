"""The dependencies of routes and WebSockets, built by `wiring` and stored in `app.state`."""

import hmac
from dataclasses import dataclass
from typing import cast

from darkroom_chassis.availability import Availability
from darkroom_chassis.connection_limit import ConnectionLimit
from darkroom_queue import (
    Control,
    DeadLetters,
    EventFanout,
    Insight,
    JobIndex,
    Producer,
    QueueClient,
    Registry,
    Series,
)
from darkroom_redis import OperatorTickets, Tickets
from starlette.requests import HTTPConnection

from queue_api.domain.calibration import Calibration
from queue_api.domain.ports import (
    ClientJobStore,
    Directory,
    FleetSource,
    FrameSource,
    GroupMover,
    Groups,
    OutputReader,
    ProgressSource,
    StateSource,
)


@dataclass(frozen=True, slots=True)
class Context:
    """The queue, the sources of the WebSockets and the limits of a process. `auth_token` is None on loopback only."""

    redis_client: QueueClient
    redis: Availability
    producer: Producer
    registry: Registry
    insight: Insight
    control: Control
    dead_letters: DeadLetters
    jobs: JobIndex
    series: Series
    calibration: Calibration
    fanout: EventFanout
    progress: ProgressSource
    board: FleetSource
    frames: FrameSource
    directory: Directory
    client_jobs: ClientJobStore
    state: StateSource
    groups: Groups
    group_mover: GroupMover
    outputs: OutputReader
    groups_need_token: bool
    tickets: Tickets
    operator_tickets: OperatorTickets
    connections: ConnectionLimit
    auth_token: str | None
    max_depth: int

    def token_matches(self, given: str) -> bool:
        """Compare a token with AUTH_TOKEN in constant time; False if none is set."""
        return self.auth_token is not None and hmac.compare_digest(given.encode(), self.auth_token.encode())


def context_of(connection: HTTPConnection) -> Context:
    """Return the context of a request or WebSocket."""
    return cast("Context", connection.app.state.context)

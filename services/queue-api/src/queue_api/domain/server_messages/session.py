"""Messages about the connection itself."""

from typing import Literal

from queue_api.domain.server_messages.base import EXAMPLE_EVENT, Answer, Part, ServerMessage, example_of


class Connected(ServerMessage):
    """First message to a monitor."""

    model_config = example_of("connected", monitor_id="wall", event_id=EXAMPLE_EVENT)

    type: Literal["connected"]
    monitor_id: str
    event_id: str
    """The position after which events follow."""


class ConnectionEstablished(ServerMessage):
    """First message to a client."""

    model_config = example_of("connection_established", client_id="render-farm", event_id=EXAMPLE_EVENT)

    type: Literal["connection_established"]
    client_id: str
    event_id: str
    """The position after which events follow."""


class Depth(Part):
    """Numbers of jobs."""

    pending: int
    delayed: int
    in_progress: int


class ResetMessage(ServerMessage):
    """Events may be missing: the log does not reach back to the position of the client. Read the state again."""

    model_config = example_of("reset", state={"pending": 2, "delayed": 0, "in_progress": 1})

    type: Literal["reset"]
    state: Depth


class ServerDisconnect(ServerMessage):
    """The server is stopping and closes the connection with 1001."""

    model_config = example_of("server_disconnect", reason="draining", reconnect_after=1000)

    type: Literal["server_disconnect"]
    reason: Literal["draining"]
    reconnect_after: int
    """In milliseconds."""


class Pong(Answer):
    """Response to `ping`."""

    model_config = example_of("pong", id="7")

    type: Literal["pong"]


class ErrorDetails(Part):
    """The invalid field."""

    field: str
    message: str


class ErrorMessage(Answer):
    """A message was not valid, or was refused. `error_code` is stable."""

    model_config = example_of(
        "error", id=7, request_id=7, error="`priority` must be at most 100.", error_code="invalid_message",
        details={"field": "priority", "message": "must be at most 100"},
    )  # fmt: skip

    type: Literal["error"]
    error: str
    error_code: str
    details: ErrorDetails | None = None
    request_id: str | int | None = None


MONITOR_GREETING, CLIENT_GREETING = Connected, ConnectionEstablished
SHARED: tuple[type[ServerMessage], ...] = (ServerDisconnect, Pong, ErrorMessage)
SESSION: tuple[type[ServerMessage], ...] = (ResetMessage,)

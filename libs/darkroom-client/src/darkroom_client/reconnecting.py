"""A WebSocket of queue-api that connects again after a loss, at the event after the last one that was received."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from darkroom_client.errors import DarkroomError, InvalidRequest, NotAuthorised, NotFound, NotReachable
from darkroom_client.models.socket import QueueMessage, ServerDisconnect, read_message

Ticket = Callable[[], Awaitable[str]]
"""Returns a new ticket for each connection."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 10.0
GIVE_UP_AFTER_S = 60.0
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_PARTS_OF_EVENTS = frozenset({"job_assigned", "job_status_changed", "job_failed", "job_timeout"})
"""Messages that precede the last one of their event."""
_FINAL: dict[int, type[DarkroomError]] = {1003: InvalidRequest, 1007: InvalidRequest, 1008: NotAuthorised,
                                          1009: InvalidRequest, 4004: NotFound}  # fmt: skip
"""Close codes after which the same connection would be closed again."""


class Reconnecting:
    """Yields messages across connections: each event once, and all messages of an event or none.

    `give_up_s` is the time without a connection after which `NotReachable` is raised.
    """

    def __init__(
        self, url: str, path: str, token: str = "", *, ticket: Ticket | None = None, since: str | None = None,
        give_up_s: float = GIVE_UP_AFTER_S,
    ) -> None:  # fmt: skip
        self._address = url.rstrip("/").replace("http", "ws", 1) + path
        self._token, self._ticket, self._give_up_s = token, ticket, give_up_s
        self.position = since
        """Id of the last event that was received."""
        self.connections = 0
        """How many connections were opened."""
        self.socket: ClientConnection | None = None
        """The open connection; None while there is none."""
        self._pause_s, self._asked_s = FIRST_PAUSE_S, 0.0

    async def messages(self, on_connect: Callable[[], Awaitable[None]] | None = None) -> AsyncIterator[QueueMessage]:
        """Yield messages until cancelled. `on_connect` runs at the beginning of each connection."""
        lost_at = time.monotonic()
        while True:
            try:
                async with await self._connect() as socket:
                    self.socket, self.connections = socket, self.connections + 1
                    if on_connect is not None:
                        await on_connect()
                    async for message in self._received(socket):
                        self._pause_s, lost_at = FIRST_PAUSE_S, time.monotonic()
                        yield message
            except (OSError, WebSocketException) as error:
                _raise_if_final(error)
                if time.monotonic() - lost_at > self._give_up_s:
                    raise NotReachable(f"There is no connection to {self._address}: {error}") from error
            finally:
                self.socket = None
            await asyncio.sleep(max(self._asked_s, self._pause_s * random.uniform(0.5, 1.0)))  # noqa: S311 - no secret
            self._pause_s, self._asked_s = min(2 * self._pause_s, LONGEST_PAUSE_S), 0.0

    async def _connect(self) -> connect:
        query = {"since": self.position} if self.position else {}
        if self._ticket is not None:
            query["token"] = await self._ticket()
        headers = {"Authorization": f"Bearer {self._token}"} if self._token and self._ticket is None else {}
        address = f"{self._address}?{urlencode(query)}" if query else self._address
        return connect(address, additional_headers=headers, compression=None, max_size=MAX_MESSAGE_BYTES, proxy=None)

    async def _received(self, socket: ClientConnection) -> AsyncIterator[QueueMessage]:
        """Yield the messages of one connection; those of an event when its last one has come."""
        held: list[QueueMessage] = []
        async for text in socket:
            message = read_message(text)
            if isinstance(message, ServerDisconnect):
                self._asked_s = message.reconnect_after / 1000
            if message.event_id is None and message.type in _PARTS_OF_EVENTS:
                held.append(message)
                continue
            self.position = message.event_id or self.position
            if message.event_id is not None:
                for one in held:
                    yield one
                held.clear()
            yield message


def _raise_if_final(error: Exception) -> None:
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status < 500:
            raise NotFound(
                f"The address of the WebSocket is not one of queue-api ({status}).", status=status
            ) from error
    if isinstance(error, ConnectionClosed) and error.rcvd is not None and error.rcvd.code in _FINAL:
        reason = error.rcvd.reason or "queue-api closed the connection"
        raise _FINAL[error.rcvd.code](f"{reason} ({error.rcvd.code})") from error

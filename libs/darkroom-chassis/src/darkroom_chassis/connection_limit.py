"""Limit of open WebSockets and streams per client in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Place:
    """One open connection of a client."""

    def __init__(self, open_by: Counter[str], client: str) -> None:
        self._open, self._client, self._held = open_by, client, True
        self._open[client] += 1

    def release(self) -> None:
        """Free the place. Idempotent."""
        if self._held:
            self._held = False
            self._open[self._client] -= 1
            if not self._open[self._client]:
                del self._open[self._client]


class ConnectionLimit:
    """Counts open connections by client."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._open: Counter[str] = Counter()

    def take(self, client: str) -> Place | None:
        """Take a place; None when the limit is reached. Atomic, because it does not await."""
        return Place(self._open, client) if self._open[client] < self.limit else None

    @contextmanager
    def admit(self, client: str) -> Iterator[bool]:
        """Hold a place for the client during the block. Yields False when the limit is reached."""
        place = self.take(client)
        try:
            yield place is not None
        finally:
            if place is not None:
                place.release()

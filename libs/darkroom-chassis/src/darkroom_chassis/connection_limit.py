"""How many sockets or streams one client may hold open in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class ConnectionLimit:
    """Counts open connections by client."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._open: Counter[str] = Counter()

    def has_room(self, client: str) -> bool:
        """Tell whether the client may open one more."""
        return self._open[client] < self.limit

    @contextmanager
    def admit(self, client: str) -> Iterator[bool]:
        """Hold a place for the client while the block runs; yields False when there is none."""
        admitted = self.has_room(client)
        if admitted:
            self._open[client] += 1
        try:
            yield admitted
        finally:
            if admitted:
                self._open[client] -= 1
                self._open += Counter()  # drops clients without connections

"""How many sockets one client may hold open in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class ConnectionLimit:
    """Counts open connections by client."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._open: Counter[str] = Counter()

    @contextmanager
    def admit(self, client: str) -> Iterator[bool]:
        """Hold a place for the client while the block runs; yields False when there is none."""
        admitted = self._open[client] < self.limit
        if admitted:
            self._open[client] += 1
        try:
            yield admitted
        finally:
            if admitted:
                self._open[client] -= 1
                self._open += Counter()  # drops clients without connections

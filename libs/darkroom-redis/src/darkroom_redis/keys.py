"""The Redis keys that all services share, apart from the queue's.

The prefix is the shard's hash tag, which maps all keys of a shard to one slot of a Redis Cluster.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """Keys of one shard."""

    shard: int = 0

    def key(self, name: str) -> str:
        """Return the key of this shard with a name."""
        return f"{{darkroom-{self.shard}}}:{name}"

    @property
    def meta(self) -> str:
        """Hash: epoch, run id of the server, time of the last sweep. First key of every script."""
        return self.key("meta")

    @property
    def probe(self) -> str:
        """String written by readiness probes, to check that the server accepts writes."""
        return self.key("probe")

    @property
    def api_keys(self) -> str:
        """Hash of the platform's valid API keys by id."""
        return self.key("ak")

    def ticket(self, digest: str) -> str:
        """String: the holder of a WebSocket ticket."""
        return self.key(f"tk:{digest}")

    def wakeup(self, name: str) -> str:
        """List with at most one token, on which processes wait for a wake-up with a name."""
        return self.key(f"wp:{name}")

    def round(self, name: str) -> str:
        """String that exists while the round of a period is claimed."""
        return self.key(f"ro:{name}")

"""The keys that all services share, besides the queue's own.

The prefix is the shard's hash tag, so that all keys of a shard live in one slot of a Redis Cluster.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """Keys of one shard."""

    shard: int = 0

    def key(self, name: str) -> str:
        """Return a key of this shard."""
        return f"{{darkroom-{self.shard}}}:{name}"

    @property
    def meta(self) -> str:
        """Hash: epoch, run id of the server, time of the last sweep. First key of every script."""
        return self.key("meta")

    @property
    def probe(self) -> str:
        """String that readiness probes write, to see that the server takes writes."""
        return self.key("probe")

    @property
    def api_keys(self) -> str:
        """Hash of the platform's valid API keys by id."""
        return self.key("ak")

    def ticket(self, digest: str) -> str:
        """String: whose events a WebSocket ticket opens."""
        return self.key(f"tk:{digest}")

    def wakeup(self, name: str) -> str:
        """List with at most one token, on which processes wait for work of a name."""
        return self.key(f"wp:{name}")

    def round(self, name: str) -> str:
        """String that exists while the round of a period is claimed."""
        return self.key(f"ro:{name}")

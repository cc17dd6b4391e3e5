"""The Redis keys that Python uses. Scripts compute the others from the same prefix; docs/redis-keys.md lists all.

The prefix is the shard's hash tag, which maps all keys of a shard to one slot of a Redis Cluster.
"""

from dataclasses import dataclass

from darkroom_redis.keys import SharedKeys
from darkroom_schemas.ids import JobId, StepId, WorkerId


@dataclass(frozen=True, slots=True)
class Keys(SharedKeys):
    """The keys of one shard."""

    @property
    def log(self) -> str:
        """Stream of all events."""
        return self.key("ev")

    @property
    def steps(self) -> str:
        """Hash of the records of steps that have not ended."""
        return self.key("s")

    @property
    def readers(self) -> str:
        """Hash of the log's named readers: position and time of the report."""
        return self.key("rd")

    @property
    def counters(self) -> str:
        """Hash of step counts by state and by state and type."""
        return self.key("n")

    @property
    def workers(self) -> str:
        """Sorted set of live workers by time of the last heartbeat."""
        return self.key("wz")

    @property
    def dead_letters(self) -> str:
        """Sorted set of dead letters by time of the failure."""
        return self.key("dd")

    @property
    def leases(self) -> str:
        """Sorted set of running steps by the deadline of their lease, in Unix ms."""
        return self.key("lz")

    @property
    def paused(self) -> str:
        """Set of paused job types; `*` is all types."""
        return self.key("ps")

    def worker(self, worker_id: WorkerId) -> str:
        """Hash with a worker's registration."""
        return self.key(f"wk:{worker_id}")

    def held(self, worker_id: WorkerId) -> str:
        """Set of the steps that a worker holds."""
        return self.key(f"h:{worker_id}")

    def tombstone(self, step_id: StepId) -> str:
        """String: the final state of an ended step."""
        return self.key(f"t:{step_id}")

    def dead_letter(self, step_id: StepId) -> str:
        """String: the record of a dead letter."""
        return self.key(f"d:{step_id}")

    def job_events(self, job_id: JobId) -> str:
        """List of the events of one job."""
        return self.key(f"e:{job_id}")

    def service_times(self, step_type: str) -> str:
        """Hash: histogram of the service times of a step type."""
        return self.key(f"hi:{step_type}")

    def wake(self, capability_set: str) -> str:
        """List on which idle workers of a capability set block."""
        return self.key(f"w:{capability_set}")

    def commands(self, worker_id: WorkerId) -> str:
        """List of commands to one worker."""
        return self.key(f"c:{worker_id}")

"""Statistics and snapshots of the whole system, for operators."""

import time

from darkroom_chassis.short_cache import ShortCache
from darkroom_queue import DeadLetters, Insight, Producer
from darkroom_schemas.channels import WorkerState
from darkroom_schemas.status import JobStatus

from queue_api.domain.fleet_messages import worker_data
from queue_api.domain.frames import Message
from queue_api.domain.job_view import job_view
from queue_api.domain.ports import FleetSource

MAX_AGE_S = 1.0
MAX_JOBS = 200
"""Jobs of each state in a snapshot."""


class SystemState:
    """Implements `StateSource`."""

    def __init__(self, producer: Producer, insight: Insight, dead_letters: DeadLetters, board: FleetSource) -> None:
        self._producer, self._insight, self._dead_letters, self._board = producer, insight, dead_letters, board
        self._stats: ShortCache[Message] = ShortCache(self._read_stats, {}, max_age_s=MAX_AGE_S)

    async def stats(self) -> Message:
        """Return `system_stats`, at most a second old; raises `RedisUnavailable`."""
        return {"type": "system_stats", "timestamp": _now_ms(), "stats": await self._stats.get()}

    async def snapshot(self) -> Message:
        """Return `full_state_snapshot`, with at most 200 jobs of each state; raises `RedisUnavailable`.

        The queue lists jobs that have not ended in no order. Completed ones are not listed, only counted.
        """
        views = [
            view
            for view in await self._producer.read_many(await self._insight.some_steps(2 * MAX_JOBS))
            if view is not None
        ]
        active = [job_view(view, None) for view in views if view.status is JobStatus.RUNNING]
        pending = [job_view(view, None) for view in views if view.status in {JobStatus.QUEUED, JobStatus.DELAYED}]
        failed = await self._dead_letters.page(limit=MAX_JOBS)
        workers = self._board.workers
        machines: dict[str, list[str]] = {}
        for known in workers.values():
            machines.setdefault(known.info.machine_id, []).append(known.info.worker_id)
        return {
            "type": "full_state_snapshot",
            "timestamp": _now_ms(),
            "workers": [worker_data(known.info, known.status) for known in workers.values()],
            "machines": [{"machine_id": name, "workers": sorted(ids)} for name, ids in sorted(machines.items())],
            "jobs": {
                "pending": pending[:MAX_JOBS],
                "active": active[:MAX_JOBS],
                "completed": [],
                "failed": [job_view(view, None) for view in failed.views],
            },
            "system_stats": await self._stats.get(),
        }

    async def _read_stats(self, _: Message) -> Message:
        depth = await self._producer.depth()
        workers = self._board.workers.values()
        pending = depth.queued + depth.delayed
        completed, failed = depth.ended[JobStatus.COMPLETED], depth.ended[JobStatus.FAILED]
        return {
            "total_workers": len(workers),
            "active_workers": sum(known.status is WorkerState.BUSY for known in workers),
            "total_jobs": pending + depth.running + sum(depth.ended.values()),
            "pending_jobs": pending,
            "active_jobs": depth.running,
            "completed_jobs": completed,
            "failed_jobs": failed,
            "cancelled_jobs": depth.ended[JobStatus.CANCELLED],
        }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

"""Follows workers and machines: their status, and messages about its changes for all connections of the process."""

import time
from collections.abc import Mapping
from dataclasses import replace

from darkroom_queue import QueueClient, Registry, StatusFeed, WorkerRecord
from darkroom_schemas.channels import MachineState, MachineStatusMessage, WorkerState, WorkerStatusMessage
from darkroom_schemas.ids import WorkerId

from queue_api.domain.fleet_messages import changed, connected, disconnected, is_gone, machine_changed
from queue_api.domain.frame_buffer import FrameBuffer
from queue_api.domain.frames import Frame
from queue_api.domain.ports import KnownWorker


class FleetBoard:
    """Implements `FleetSource` with one subscription."""

    def __init__(self, redis_client: QueueClient, registry: Registry) -> None:
        self._client, self._registry = redis_client, registry
        self._workers: dict[WorkerId, KnownWorker] = {}
        self._machines: set[str] = set()
        self._readers: set[FrameBuffer] = set()

    @property
    def workers(self) -> Mapping[WorkerId, KnownWorker]:
        """Return the live workers."""
        return self._workers

    def subscribe(self) -> FrameBuffer:
        """Add a reader of messages."""
        reader = FrameBuffer()
        self._readers.add(reader)
        return reader

    def unsubscribe(self, reader: FrameBuffer) -> None:
        """Remove a reader."""
        self._readers.discard(reader)

    async def run(self) -> None:
        """Receive changes until cancelled. Raises `RedisUnavailable`; a new run reports what changed meanwhile."""
        async with StatusFeed(self._client) as feed:
            await self._compare(await self._registry.workers_with_steps())
            async for message in feed:
                if isinstance(message, WorkerStatusMessage):
                    await self._worker(message)
                else:
                    self._machine(message)

    async def _compare(self, records: list[WorkerRecord]) -> None:
        """Report workers that came or went while nobody listened."""
        now_ms = time.time_ns() // 1_000_000
        live = {record.info.worker_id: record for record in records}
        for worker_id in self._workers.keys() - live.keys():
            self._forget(worker_id, WorkerState.LOST, now_ms)
        for worker_id, record in live.items():
            status = WorkerState.BUSY if record.held else WorkerState.IDLE
            if worker_id not in self._workers:
                self._offer(connected(record.info, status, now_ms))
            self._workers[worker_id] = KnownWorker(record.info, status)
        self._machines = {record.info.machine_id for record in records}

    async def _worker(self, message: WorkerStatusMessage) -> None:
        known = self._workers.get(message.worker_id)
        if is_gone(message.status):
            self._forget(message.worker_id, message.status, message.at_ms)
            return
        if known is not None and not self._readers:
            self._workers[message.worker_id] = replace(known, status=message.status)
            return
        record = await self._registry.worker_with_steps(message.worker_id)
        if record is None:  # it has gone again already
            return
        self._workers[message.worker_id] = KnownWorker(record.info, message.status)
        if known is None or known.info.incarnation != record.info.incarnation:
            self._offer(connected(record.info, message.status, message.at_ms))
        elif known.status is not message.status:
            current = record.held[0] if record.held else None
            self._offer([changed(record.info, known.status, message.status, current, message.at_ms)])

    def _forget(self, worker_id: WorkerId, reason: WorkerState, at_ms: int) -> None:
        known = self._workers.pop(worker_id, None)
        self._offer(disconnected(worker_id, known.info if known else None, reason, at_ms))

    def _machine(self, message: MachineStatusMessage) -> None:
        is_new = message.machine_id not in self._machines
        if message.status is MachineState.READY:
            self._machines.add(message.machine_id)
        else:
            self._machines.discard(message.machine_id)
        self._offer(machine_changed(message.machine_id, message.status, message.workers, message.at_ms, is_new=is_new))

    def _offer(self, frames: list[Frame]) -> None:
        for reader in self._readers:
            reader.put(frames)

"""Sends live progress to the endpoints that list it. One replica does at a time."""

import asyncio
from collections import OrderedDict

from darkroom_chassis.logs import get_logger
from darkroom_queue import Producer, QueueClient
from darkroom_queue.log.progress import ProgressFeed
from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.ids import StepId, TenantId

from webhook_dispatcher.domain.ports import FindTargets, ProgressTargets, Sender
from webhook_dispatcher.domain.progress import ProgressTarget, progress_delivery
from webhook_dispatcher.metrics import PROGRESS

log = get_logger(__name__)
REFRESH_S = 5.0
MAX_STEPS = 10_000
MAX_WAITING = 1000
"""Jobs of an endpoint whose progress waits for the end of the attempt before. Progress of further ones is left out."""


class ProgressLoop:
    """Sends each endpoint one message at a time. Meanwhile it keeps the latest progress of each job."""

    def __init__(self, client: QueueClient, targets: ProgressTargets, sender: Sender) -> None:
        self._client, self._targets, self._sender = client, targets, sender
        self._found: list[ProgressTarget] = []
        self._owners: OrderedDict[StepId, tuple[TenantId, str] | None] = OrderedDict()
        self._waiting: dict[str, dict[str, tuple[ProgressTarget, ProgressMessage, str]]] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Send progress while this replica leads; wait while another one does. Raises errors of unavailable servers."""
        while True:
            async with self._targets.leading() as find:
                if find is not None:
                    await self._lead(find)
            await asyncio.sleep(REFRESH_S)

    async def _lead(self, find: FindTargets) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._refresh(find))
                tasks.create_task(self._follow())
        except* Exception as errors:  # noqa: BLE001 - the supervisor decides by the type of the first one
            raise errors.exceptions[0] from None
        finally:
            for task in self._sending.values():
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)

    async def _refresh(self, find: FindTargets) -> None:
        while True:
            self._found = await find()
            await asyncio.sleep(REFRESH_S)

    async def _follow(self) -> None:
        while not self._found:  # noqa: ASYNC110 - the other task refreshes it
            await asyncio.sleep(1.0)
        async with ProgressFeed(self._client) as feed:
            await feed.add_all()
            async for message in feed:
                owner = await self._owner(message.step_id) if self._found else None
                if owner is not None:
                    for target in self._found:
                        if target.receives(owner[0], message, owner[1]):
                            self._offer(target, message, owner[1])

    async def _owner(self, step_id: StepId) -> tuple[TenantId, str] | None:
        """Return the tenant and the job type of a step, None if the queue does not know it any more."""
        if step_id not in self._owners:
            view = await Producer(self._client).read(step_id)
            self._owners[step_id] = (view.tenant, view.type) if view else None
            if len(self._owners) > MAX_STEPS:
                self._owners.popitem(last=False)
        return self._owners[step_id]

    def _offer(self, target: ProgressTarget, message: ProgressMessage, job_type: str) -> None:
        waiting = self._waiting.setdefault(target.endpoint_id, {})
        if message.job_id in waiting or len(waiting) < MAX_WAITING:
            waiting[message.job_id] = (target, message, job_type)
        if target.endpoint_id not in self._sending:
            task = asyncio.create_task(self._send_all(target.endpoint_id))
            self._sending[target.endpoint_id] = task
            task.add_done_callback(lambda _: self._sending.pop(target.endpoint_id, None))

    async def _send_all(self, endpoint_id: str) -> None:
        """Send what waits for an endpoint, until nothing does."""
        waiting = self._waiting[endpoint_id]
        while waiting:
            target, message, job_type = waiting.pop(next(iter(waiting)))
            try:
                attempted = await self._sender.send(progress_delivery(target, message, job_type), target.credentials)
                PROGRESS.labels("delivered" if attempted.delivered else "failed").inc()
            except Exception:
                log.exception("Progress could not be sent", endpoint_id=endpoint_id)
                PROGRESS.labels("failed").inc()
        del self._waiting[endpoint_id]

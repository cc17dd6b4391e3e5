"""Reads the event log and creates deliveries for the endpoints that subscribe to its events."""

import asyncio
from collections.abc import Sequence
from functools import partial

from darkroom_chassis.isolation import Isolation
from darkroom_chassis.logs import get_logger
from darkroom_queue import EventLog, LogTruncated
from darkroom_redis import RedisUnavailable
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId

from webhook_dispatcher.domain.ports import Intake
from webhook_dispatcher.metrics import DELIVERIES_MADE

log = get_logger(__name__)
BATCH = 200
BLOCK_MS = 5000


class IntakeLoop:
    """Every replica runs one; the stored position ensures that one of them processes a batch.

    Sets `arrived` after storing deliveries.
    """

    def __init__(
        self, event_log: EventLog, intake: Intake, arrived: asyncio.Event, *, waits: tuple[type[Exception], ...]
    ) -> None:
        self._log, self._intake, self._arrived = event_log, intake, arrived
        self._isolation = Isolation("intake", (RedisUnavailable, *waits))

    async def run(self) -> None:
        """Process events until cancelled. Raises the errors of unavailable servers; a new run continues."""
        position = await self._intake.position()
        while True:
            position = await self._take_batch(position)

    async def _take_batch(self, position: EventId | None) -> EventId | None:
        try:
            events = await self._log.read(position, count=BATCH, block_ms=BLOCK_MS)
        except LogTruncated:
            return await self._cross_gap(position)
        if not events:
            return position
        try:
            return await self._take(events, position)
        except self._isolation.waits:
            raise
        except Exception:
            log.exception("A batch of events cannot be processed; its events are tried one by one", first=events[0].id)
            return await self._take_each_alone(events, position)

    async def _take_each_alone(self, events: Sequence[Event], position: EventId | None) -> EventId | None:
        """Process the events one by one. An event that cannot be processed is skipped, with its webhooks."""
        for event in events:
            upto = EventId.parse(event.id)

            async def skip(_: Exception, upto: EventId = upto, after: EventId | None = position) -> None:
                await self._intake.take([], after=after, upto=upto)

            work = partial(self._take, [event], position)
            taken = await self._isolation.attempt(work, skip, event_id=event.id, type=event.type)
            position = taken if taken is not None else await self._intake.position()
            if position != upto:  # another replica took over
                return position
        return position

    async def _take(self, events: Sequence[Event], position: EventId | None) -> EventId | None:
        upto = EventId.parse(events[-1].id)
        made = await self._intake.take(events, after=position, upto=upto)
        if made is None:
            return await self._intake.position()
        if made:
            DELIVERIES_MADE.inc(made)
            self._arrived.set()
        return upto

    async def _cross_gap(self, position: EventId | None) -> EventId | None:
        """Continue with the oldest events that the log still contains."""
        try:
            onward = await self._log.rejoin(position) if position else await self._log.beginning()
        except LogTruncated:
            onward = await self._log.beginning()
            log.error("Events were trimmed before they were read; their webhooks are missing", position=str(position))
        made = await self._intake.take([], after=position, upto=onward)
        return onward if made is not None else await self._intake.position()

"""Reads the event log and turns what endpoints asked for into deliveries."""

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
OUTAGE_PAUSE_S = 0.5


class IntakeLoop:
    """Every replica runs one; the stored position lets one take a batch. Sets `arrived` when there is work."""

    def __init__(
        self, event_log: EventLog, intake: Intake, arrived: asyncio.Event, *, waits: tuple[type[Exception], ...]
    ) -> None:
        self._log, self._intake, self._arrived = event_log, intake, arrived
        self._isolation = Isolation("intake", (RedisUnavailable, *waits))

    async def run(self) -> None:
        """Take in events for ever, through outages of Redis."""
        position = await self._intake.position()
        while True:
            try:
                position = await self._take_batch(position)
            except RedisUnavailable:
                await asyncio.sleep(OUTAGE_PAUSE_S)

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
            log.exception("A batch of events cannot be taken in; each is tried alone", first=events[0].id)
            return await self._take_each_alone(events, position)

    async def _take_each_alone(self, events: Sequence[Event], position: EventId | None) -> EventId | None:
        """Take in one event after the other. One that cannot be is left out, and its webhooks with it."""
        for event in events:
            upto = EventId.parse(event.id)

            async def leave_out(_: Exception, upto: EventId = upto, after: EventId | None = position) -> None:
                await self._intake.take([], after=after, upto=upto)

            work = partial(self._take, [event], position)
            taken = await self._isolation.attempt(work, leave_out, event_id=event.id, type=event.type)
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
        """Go on with all that the log still holds."""
        try:
            onward = await self._log.rejoin(position) if position else await self._log.beginning()
        except LogTruncated:
            onward = await self._log.beginning()
            log.error("Events were trimmed before they were read; their webhooks are missing", position=str(position))
        made = await self._intake.take([], after=position, upto=onward)
        return onward if made is not None else await self._intake.position()

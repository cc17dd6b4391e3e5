"""The frames of each event, made once for all connections of the process."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from darkroom_chassis.logs import get_logger
from darkroom_queue import Producer
from darkroom_redis import RedisUnavailable
from darkroom_schemas.events import Event, EventType

from queue_api.domain.frames import Frame
from queue_api.domain.messages import frames_of

log = get_logger(__name__)
REMEMBERED = 2_000
"""Events whose frames are stored: more than a connection may be behind."""


class EventFrames:
    """Implements `FrameSource`. The message of a submission is completed from the queue while it has the job."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._made: OrderedDict[str, asyncio.Future[tuple[Frame, ...]]] = OrderedDict()
        self._users = 0

    @contextmanager
    def used(self) -> Iterator[None]:
        """Count a connection, for which frames are prepared."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1

    async def prepare(self, events: Sequence[Event]) -> None:
        """Make the frames of events if there are connections. Those that fail are left to `of`."""
        if self._users:
            made = await asyncio.gather(*map(self.of, events), return_exceptions=True)
            for error in made:
                if isinstance(error, BaseException) and not isinstance(error, RedisUnavailable):
                    log.error("Could not make the frames of an event", exc_info=error)

    def ready(self, event: Event) -> tuple[Frame, ...] | None:
        """Return the frames of an event if they are made already."""
        made = self._made.get(event.id)
        return made.result() if made is not None and made.done() and not made.exception() else None

    async def of(self, event: Event) -> tuple[Frame, ...]:
        """Return the frames of an event; raises `RedisUnavailable`.

        An unreadable event has none; otherwise it would end every connection that reaches it.
        """
        made = self._made.get(event.id)
        if made is None:
            made = self._made[event.id] = asyncio.get_running_loop().create_future()
            if len(self._made) > REMEMBERED:
                self._made.popitem(last=False)
            try:
                made.set_result(await self._make(event))
            except BaseException as error:
                self._made.pop(event.id, None)
                if not made.done():
                    made.set_exception(error)
                    made.exception()  # it is also raised here, so asyncio need not log it
                raise
        return await made

    async def _make(self, event: Event) -> tuple[Frame, ...]:
        view = submission = None
        if event.type == EventType.STEP_QUEUED and event.step_id is not None:
            view = await self._producer.read(event.step_id)
            submission = await self._producer.submission(event.step_id)
        try:
            return frames_of(event, view, submission)
        except (LookupError, ValueError, TypeError):
            log.exception("An event is unreadable and is skipped", event_id=event.id, type=event.type)
            return ()

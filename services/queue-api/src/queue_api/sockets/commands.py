"""Carries out what clients ask for over a WebSocket."""

import time
from collections.abc import Iterable

from darkroom_chassis.middleware import current_trace_id
from darkroom_queue import CancelOutcome, EventLog, LogTruncated
from darkroom_redis import TicketHolder
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, StepId
from darkroom_schemas.step import StepView

from queue_api.context import Context
from queue_api.domain.client_messages import (
    CancelJob,
    ClientMessage,
    Heartbeat,
    MonitorConnect,
    Ping,
    RequestJobStatus,
    RequestStats,
    ResyncRequest,
    SubmitJob,
    Subscribe,
    SubscribeJob,
    SubscribeStats,
    SubscriptionFilters,
    Unsubscribe,
    UnsubscribeJob,
)
from queue_api.domain.frames import Message, to_text
from queue_api.domain.messages import events_json
from queue_api.domain.status_names import status_name
from queue_api.domain.submission import id_of, step_of
from queue_api.domain.subscription import Filters, Subscription
from queue_api.http.submit_errors import refusals
from queue_api.sockets.errors import MessageRefused
from queue_api.sockets.viewer import Viewer

_LEFT_FOR_LATER = "the connection has 1,000 subscriptions, which is the limit; unsubscribe from some jobs first"


class Commands:
    """The commands of one connection. `owner` names the client whose jobs are remembered; None for monitors."""

    def __init__(
        self, context: Context, holder: TicketHolder, viewer: Viewer, subscription: Subscription, owner: str | None
    ) -> None:
        self._context, self._holder, self._viewer = context, holder, viewer
        self._subscription, self._owner = subscription, owner
        self.stats_every_s: float | None = None
        """Interval of `system_stats`; None if they were not asked for."""

    async def carry_out(self, message: ClientMessage) -> Message | str:
        """Carry out a message and return the answer, as a message or serialized.

        Raises MessageRefused, AppError for a refused submission, and `RedisUnavailable`.
        """
        match message:
            case Ping():
                return {"type": "pong"}
            case Heartbeat():
                return {"type": "heartbeat_ack", "server_timestamp": _now_ms(), "events_missed": 0}
            case MonitorConnect():
                return await self._introduce(message)
            case Subscribe():
                self._subscription.topics = frozenset(message.topics)
                self._subscription.filters = _filters(message.filters)
                return self._subscribed()
            case Unsubscribe():
                self._subscription.topics -= frozenset(message.topics)
                return self._subscribed()
            case SubscribeJob():
                return await self._subscribe_job(message.job_id)
            case UnsubscribeJob():
                self._subscription.jobs.discard(message.job_id)
                if self._owner is not None:
                    await self._context.client_jobs.remove(self._owner, message.job_id)
                return self._subscribed()
            case SubscribeStats():
                self._require_operator()
                self.stats_every_s = message.interval_seconds
                return await self._context.state.stats()
            case RequestStats():
                self._require_operator()
                return await self._context.state.stats()
            case SubmitJob():
                return await self._submit(message)
            case CancelJob():
                return await self._cancel(message)
            case RequestJobStatus():
                return await self._status(message.job_id)
            case ResyncRequest():
                return await self._resync(message)

    async def _introduce(self, message: MonitorConnect) -> Message:
        if message.topics is not None:
            self._subscription.topics = frozenset(message.topics)
        if not message.request_full_state:
            return self._subscribed()
        self._require_operator()
        return await self._context.state.snapshot()

    def _subscribed(self) -> Message:
        topics = sorted(topic.value for topic in self._subscription.topics)
        return {"type": "subscribed", "topics": topics, "jobs": len(self._subscription.jobs)}

    async def _subscribe_job(self, job_id: str) -> Message:
        await self._remember(job_id)
        return self._subscribed() | {"job_id": job_id}

    async def _remember(self, job_id: str) -> None:
        if not self._subscription.add_job(job_id):
            raise MessageRefused("too_many_subscriptions", _LEFT_FOR_LATER)
        if self._owner is not None:
            await self._context.client_jobs.add(self._owner, job_id)

    async def _submit(self, message: SubmitJob) -> Message:
        self._require_operator()
        request, depth = message.submission, self._context.max_depth
        with refusals(request, None, depth):
            now_us = time.time_ns() // 1000
            step = step_of(request, id_of(request, None), now_us=now_us, trace_id=current_trace_id())
            await self._remember(step.id)  # before the first event
            await self._context.producer.submit(step, max_depth=depth)
        waiting = await self._context.insight.why_waiting(step.id)
        starts = None if waiting is None or waiting.start_in_s is None else waiting.start_in_s[1]
        return {
            "type": "job_accepted",
            "job_id": step.id,
            "status": "queued",
            "position": 1 + waiting.ahead if waiting else 1,
            "estimated_start": None if starts is None else _now_ms() + round(1000 * starts),
        }

    async def _cancel(self, message: CancelJob) -> Message:
        self._require_operator()
        outcome = await self._context.producer.cancel(StepId(message.job_id), reason=message.reason)
        if outcome is CancelOutcome.UNKNOWN:
            raise MessageRefused("job_not_found", "There is no such job, or its result has expired here.")
        if outcome is CancelOutcome.FINISHED:
            raise MessageRefused("conflict", "The job has ended already.")
        return {"type": "job_cancelled", "job_id": message.job_id, "error": message.reason, "outcome": outcome.value}

    async def _status(self, job_id: str) -> Message:
        view = await self._context.producer.read(StepId(job_id))
        if view is None or not self._viewer.may_see(view.tenant):
            raise MessageRefused("job_not_found", "There is no such job, or its result has expired here.")
        waiting = await self._context.insight.why_waiting(view.id) if view.started_at_ms is None else None
        return {
            "type": "response_job_status",
            "job_id": view.id,
            "status": status_name(view.status, view.error.code if view.error else None),
            "progress": view.progress,
            "worker_id": view.worker_id,
            "started_at": view.started_at_ms,
            "completed_at": view.finished_at_ms,
            "position": 1 + waiting.ahead if waiting else None,
            "estimated_completion": _estimated_end(view),
            "error": view.error.message if view.error else None,
        }

    async def _resync(self, message: ResyncRequest) -> str:
        """Return past messages that the subscription admits, up to `max_events` events."""
        log = EventLog(self._context.redis_client)
        oldest = await log.oldest()
        wanted = message.max_events + 1
        try:
            events = await _read(log, await self._since(message, log), wanted)
        except LogTruncated:
            events = await _read(log, None, wanted)
        more = len(events) == wanted
        events = events[: message.max_events]
        frames = [
            frame
            for event in self._own(events)
            for frame in await self._context.frames.of(event)
            if await self._viewer.admits(frame, self._subscription)
        ]
        head = {
            "type": "resync_response",
            "timestamp": _now_ms(),
            "has_more": more,
            "oldest_available_timestamp": None if oldest is None else oldest.ms,
            "last_event_id": events[-1].id if events else None,
        }
        return f'{to_text(head)[:-1]},"events":{events_json(frames)}}}'

    def _own(self, events: Iterable[Event]) -> list[Event]:
        return [event for event in events if self._viewer.may_see(event.tenant)]

    @staticmethod
    async def _since(message: ResyncRequest, log: EventLog) -> EventId:
        if message.since_event_id is not None:
            try:
                return EventId.parse(message.since_event_id)
            except ValueError as error:
                raise MessageRefused("invalid_message", f"`since_event_id`: {error}") from error
        tail = await log.tail()
        return EventId(tail.shard, tail.epoch, message.since_timestamp or 0, 0)

    def _require_operator(self) -> None:
        if self._holder.tenant is not None:
            sentence = "A user's ticket only follows the user's own jobs: submit and cancel them at platform-api."
            raise MessageRefused("forbidden", sentence)


async def _read(log: EventLog, since: EventId | None, wanted: int) -> list[Event]:
    """Return up to `wanted` events, page by page; raises `LogTruncated`."""
    found: list[Event] = []
    while len(found) < wanted and (page := await log.read(since, count=wanted - len(found))):
        found += page
        since = EventId.parse(page[-1].id)
    return found


def _filters(asked: SubscriptionFilters) -> Filters:
    lowest, highest = asked.priority_range or (None, None)
    return Filters(frozenset(asked.job_types), frozenset(asked.worker_ids), lowest, highest)


def _estimated_end(view: StepView) -> int | None:
    """Return when a running job ends if it goes on at its pace, in Unix ms."""
    if view.started_at_ms is None or view.finished_at_ms is not None or not view.progress:
        return None
    return view.started_at_ms + round((_now_ms() - view.started_at_ms) * 100 / view.progress)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

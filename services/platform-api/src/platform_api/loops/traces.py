"""Spans of the relay and of the event consumer, under the span of the request that created the job."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from darkroom_chassis.tracing import NO_SPAN, Span, SpanKind, now_ns, record_span, start_span
from darkroom_schemas.events import Emission, Event
from darkroom_schemas.step import StepSubmit
from darkroom_schemas.trace_context import read_traceparent

from platform_api.domain.jobs.change import Change

Message = TypeVar("Message", StepSubmit, Emission)


@asynccontextmanager
async def sending(messages: Sequence[Message]) -> AsyncIterator[list[Message]]:
    """Record a span for each traced message while a batch is sent. Yields the messages with their spans as parents."""
    spans = [_sending(one) if one.traceparent else NO_SPAN for one in messages]
    contexts = [span.traceparent for span in spans]
    traced = zip(messages, contexts, strict=True)
    try:
        yield [one.model_copy(update={"traceparent": context}) if context else one for one, context in traced]
    except BaseException as error:
        for span in spans:
            span.end(error=type(error).__name__)
        raise
    for span in spans:
        span.end()


def record_applied(changes: Iterable[Change], events: Iterable[Event], *, start_ns: int) -> None:
    """Record a span for each event that changed a traced job, from `start_ns` until now.

    Its parent is the span of the attempt, if the event has its result, else that of the request.
    """
    traced = [change for change in changes if change.state.job.traceparent is not None]
    if not traced:
        return
    by_id: dict[str | None, Event] = {event.id: event for event in events}
    end_ns = now_ns()
    for change in traced:
        event, job = by_id.get(change.source_event_id), change.state.job
        if event is None:
            continue
        attributes = _messaging("process", "darkroom.events", event.id) | {"darkroom.job.id": job.id}
        parent = _attempt_of(event) or job.traceparent
        name = f"process {event.type}"
        record_span(name, SpanKind.CONSUMER, parent=parent, start_ns=start_ns, end_ns=end_ns, attributes=attributes)


def _attempt_of(event: Event) -> str | None:
    result = event.data.get("result")
    return read_traceparent(result.get("traceparent")) if isinstance(result, dict) else None


def _sending(message: StepSubmit | Emission) -> Span:
    if isinstance(message, StepSubmit):
        subject = "step"
        about = _messaging("send", "darkroom.steps", message.id) | {"darkroom.job.type": message.requirements.type}
    else:
        subject = message.type.value
        about = _messaging("send", "darkroom.events", str(message.outbox_id))
    attributes = about | {"darkroom.job.id": message.job_id}
    return start_span(f"send {subject}", SpanKind.PRODUCER, parent=message.traceparent, attributes=attributes)


def _messaging(operation: str, destination: str, message_id: str) -> dict[str, str]:
    """Return the attributes of the semantic conventions for messaging."""
    return {
        "messaging.system": "darkroom",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": destination,
        "messaging.message.id": message_id,
    }

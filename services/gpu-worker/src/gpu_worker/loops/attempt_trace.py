"""The span of an attempt, and one for each of its stages."""

from darkroom_chassis.tracing import SpanKind, now_ns, record_span, start_span
from darkroom_schemas.step import ClaimedStep, StepResult


class AttemptTrace:
    """The span of one attempt, from its construction until `complete` or `fail`; none if the step is not traced."""

    def __init__(self, step: ClaimedStep, worker_id: str) -> None:
        self._span = start_span(
            "process step",
            SpanKind.CONSUMER,
            parent=step.traceparent,
            attributes={
                "messaging.system": "darkroom",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.destination.name": "darkroom.steps",
                "messaging.message.id": step.id,
                "darkroom.job.id": step.job_id,
                "darkroom.job.type": step.requirements.type,
                "darkroom.step.attempt": step.attempt,
                "darkroom.worker.id": worker_id,
            },
        )

    def complete(self, result: StepResult) -> StepResult:
        """End the span, and return the result with its context.

        The stages are placed one after the other before the end of the attempt, since only their durations are known.
        """
        context = self._span.traceparent
        if context is None:
            self._span.end()
            return result
        end_ns = ended_ns = now_ns()
        for stage, seconds in reversed(result.timings_s.items()):
            start_ns = end_ns - round(seconds * 1e9)
            record_span(stage, SpanKind.INTERNAL, parent=context, start_ns=start_ns, end_ns=end_ns)
            end_ns = start_ns
        self._span.set("darkroom.step.outputs", len(result.outputs))
        self._span.end(end_ns=ended_ns)
        return result.model_copy(update={"traceparent": context})

    def fail(self, reason: str) -> None:
        """End the span with the code of the failure, or the reason why the attempt was stopped."""
        self._span.end(error=reason)

"""Selects the steps that may start now and replaces references in their payloads by results."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from darkroom_schemas.inputs import MAX_INPUT_BYTES, InputFile
from darkroom_schemas.status import JobStatus

from platform_api.domain.jobs.group_steps import free_places
from platform_api.domain.jobs.job import Delivered, JobState, Step
from platform_api.domain.jobs.view import AssetUrls, output_view
from platform_api.domain.planning.payload_budget import PayloadBudget
from platform_api.domain.planning.templates import Reference, Unfillable, fill_in


def ready_steps(state: JobState, urls: AssetUrls, now: datetime) -> list[Step]:
    """Return, as submitted, the waiting steps whose needs are completed; raises `Unfillable`.

    Of the children of a group, as many as may be in the queue at once.
    """
    complete = {step.number for step in state.steps if step.status is JobStatus.COMPLETED}
    texts = {step.number: step.text for step in state.steps if step.text is not None}
    outputs = {(output.step, output.index): output for output in state.job.outputs}

    def look_up(reference: Reference) -> Any:  # Any: a text or a number
        if reference.output is None:
            value: Any = texts.get(reference.step)
        else:
            output = outputs.get((reference.step, reference.output))
            value = _field_of(output, reference.field, urls, now) if output else None
        if value is None:
            raise Unfillable(f"{reference} was not delivered")
        return value

    ready, budget, places = list[Step](), PayloadBudget(), free_places(state)
    for step in state.steps:
        if len(ready) == places:
            break
        if step.submitted_at is None and step.status is JobStatus.QUEUED and complete.issuperset(step.needs):
            payload = fill_in(step.payload, look_up)
            budget.take(payload)
            ready.append(_submitted(step, payload, now))
    return ready


def _field_of(output: Delivered, name: str, urls: AssetUrls, now: datetime) -> Any:  # Any: a text, a number or a file
    if name != "file":
        return getattr(output_view(output, urls, now), name)
    if output.object_key is None or output.size_bytes > MAX_INPUT_BYTES:
        return None
    return InputFile(key=output.object_key, mime_type=output.mime_type, size_bytes=output.size_bytes).model_dump()


def _submitted(step: Step, payload: dict[str, Any], now: datetime) -> Step:
    return replace(step, payload=payload, template=step.payload if payload != step.payload else None, submitted_at=now)

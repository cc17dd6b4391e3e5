"""The format of a step's record in Redis: a line of tab-separated fields, a line of requirements, the payload as JSON.

`lua/parts/head.lua` documents the fields of the line.
"""

import hashlib
import json
import re
from functools import lru_cache
from typing import Any

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.ids import JobId, StepId, TenantId, TraceId, WorkerId
from darkroom_schemas.status import JobStatus
from darkroom_schemas.step import (
    MAX_EXPECTED_MS,
    MAX_TIMEOUT_S,
    ClaimedStep,
    StepError,
    StepResult,
    StepSubmit,
    StepView,
    Submission,
)
from darkroom_schemas.trace_context import read_traceparent, trace_id_of
from darkroom_schemas.worker import Requirements
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from darkroom_queue.errors import UnusableStep

_WORD = re.compile(r"[A-Za-z0-9_.:@/+-]{1,200}\Z", re.ASCII)
_WORDS = re.compile(r"(?:[A-Za-z0-9_.:@/+-]{1,200} ){5}\Z", re.ASCII)
PRIORITY_HEAD_START_US = 60_000_000
MAX_BODY_BYTES = 1_000_000


@lru_cache(maxsize=4096)
def canonical(model: BaseModel) -> str:
    """Serialize a model so that equal models yield equal text: sorted keys, sorted lists, no default values."""
    fields = model.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    ordered = {k: sorted(v) if isinstance(v, list) else v for k, v in fields.items()}
    return json.dumps(ordered, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def score(step: StepSubmit) -> int:
    """Order within a tenant: creation time in µs, minus one minute for each point of priority."""
    return step.created_us - step.priority * PRIORITY_HEAD_START_US


def submit_args(step: StepSubmit) -> list[str | int]:
    """Return the 12 arguments of the submit script for one step; raises `UnusableStep`."""
    if not _WORDS.match(f"{step.id} {step.job_id} {step.tenant} {step.requirements.type} {_trace(step) or 0} "):
        _name_the_unusable(step)
    if not (0 < step.weight <= 1000 and step.expected_ms <= MAX_EXPECTED_MS and 0 < step.timeout_s <= MAX_TIMEOUT_S
            and step.max_attempts <= 100):  # fmt: skip
        raise UnusableStep("weight: every number of a step must be in range")
    requirements = canonical(step.requirements)
    try:
        requirements.encode()
    except UnicodeEncodeError as error:
        raise UnusableStep("requirements: must not contain lone surrogates") from error
    try:
        payload = to_json(step.payload).decode()
    except (ValueError, RecursionError) as error:
        raise UnusableStep("payload: must be JSON, without lone surrogates and without hundreds of levels") from error
    if len(payload) * 4 > MAX_BODY_BYTES and len(payload.encode()) > MAX_BODY_BYTES:
        raise UnusableStep(
            f"payload: must be at most {MAX_BODY_BYTES} bytes as JSON; store large data and pass its key"
        )
    place = score(step)
    order = f"{step.weight}\t{place}\t{step.redelivery.value}"
    tail = (
        f"{step.expected_ms}\t{round(step.timeout_s * 1000)}\t{step.max_attempts}"
        f"\t{step.requirements.type}\t{step.job_id}\t{step.tenant}"
    )
    # The digest identifies a submission. It does not cover not_after_ms, the job's progress, and the trace id.
    asked = order if step.dated else f"{step.weight}\t{step.priority}\t{step.redelivery.value}"
    identity = f"{step.id}\t{requirements}\t{asked}\t{tail}\t{step.not_before_ms}\t{payload}"
    digest = f"{hashlib.blake2b(identity.encode(), digest_size=12).hexdigest()}.{step.priority}"
    return [
        step.id, requirements, step.tenant, step.requirements.type, step.job_id, place,
        "" if step.not_before_ms is None else step.not_before_ms,
        "" if step.not_after_ms is None else step.not_after_ms,
        digest, f"\t{order}\t{_trace(step)}\t{tail}\t{digest}\t", f"\n{requirements}\n{payload}",
        f"{step.job_steps}\t{step.job_steps_done}" if step.job_steps > 1 else "",
    ]  # fmt: skip


def _name_the_unusable(step: StepSubmit) -> None:
    for name, word in (("id", step.id), ("job_id", step.job_id), ("tenant", step.tenant),
                       ("requirements.type", step.requirements.type), ("trace_id", _trace(step) or "0")):  # fmt: skip
        if not _WORD.match(word):
            raise UnusableStep(f"{name}: must be 1 to 200 letters, digits or any of _.:@/+-, not {word[:50]!r}")


def _trace(step: StepSubmit) -> str:
    """Return the record's field `trace`: the trace context of a traced step, else the trace id or nothing."""
    return step.traceparent or step.trace_id or ""


def _trace_id(trace: str) -> TraceId | None:
    traceparent = read_traceparent(trace)
    return trace_id_of(traceparent) if traceparent else TraceId(trace) if trace else None


def claimed(step_id: str, token: str, attempt: int, record: str) -> ClaimedStep:
    """Parse a claim returned by the turn script, without validation. Raises `ValueError` for a damaged record."""
    header, requirements, payload = record.split("\n", 2)
    _, _, _, _, trace, _, timeout, _, _, job, tenant, _, _ = header.split("\t")
    return ClaimedStep(
        id=StepId(step_id), job_id=JobId(job), tenant=TenantId(tenant), token=token, attempt=attempt,
        timeout_s=int(timeout) / 1000, payload=from_json(payload), requirements=_requirements(requirements),
        trace_id=_trace_id(trace), traceparent=read_traceparent(trace),
    )  # fmt: skip


def submission(record: str) -> Submission:
    """Parse the submission in a record."""
    step = claimed("", "", 0, record)
    return Submission(step.requirements, step.payload, step.timeout_s)


@lru_cache(maxsize=4096)
def _requirements(text: str) -> Requirements:
    return Requirements.model_validate_json(text)


def _priority(digest: str) -> int | None:
    text = digest.partition(".")[2]
    return int(text) if text else None


def live_view(step_id: StepId, answer: list[str]) -> StepView:
    """Build the view of a step that has not ended from the reply of the read script."""
    header, due, token, worker, attempt, started, cancel_reason, progress = answer
    *_, tries, kind, job, tenant, digest, queued = header.split("\t")
    waiting = JobStatus.DELAYED if due else JobStatus.QUEUED
    return StepView(
        id=step_id, job_id=JobId(job), tenant=TenantId(tenant), status=JobStatus.RUNNING if token else waiting,
        type=kind, priority=_priority(digest), attempt=int(attempt or 0),
        max_attempts=int(tries), progress=float(progress) if progress else None,
        worker_id=WorkerId(worker) if worker else None, cancel_requested=bool(cancel_reason),
        queued_at_ms=int(queued), started_at_ms=int(started) or None,
    )  # fmt: skip


def ended_view(step_id: StepId, stone: str) -> StepView:
    """Build the view of an ended step from its tombstone: state, time of the end, last lease, result or error."""
    header, _, body = stone.partition("\n")
    state, ended, _, worker, attempt, started, _, _, _, tries, kind, job, tenant, digest, queued = header.split("\t")
    data: Any = json.loads(body)
    if not isinstance(data, dict):
        raise ValueError("the tombstone of a step must hold a JSON object")
    result, error = data.get("result"), data.get("error")
    return StepView(
        id=step_id, job_id=JobId(job), tenant=TenantId(tenant), status=JobStatus(state), attempt=int(attempt),
        type=kind, priority=_priority(digest),
        max_attempts=int(tries), progress=100.0 if state == JobStatus.COMPLETED else None,
        worker_id=WorkerId(worker) if worker else None, queued_at_ms=int(queued),
        started_at_ms=int(started) if started != "0" else None, finished_at_ms=int(ended),
        result=StepResult.model_validate(result) if result is not None else None,
        error=StepError.model_validate(error) if error is not None else None,
    )  # fmt: skip


def queued_view(step: StepSubmit, now_ms: int) -> StepView:
    """Build the view of a step that has just been accepted."""
    delayed = step.not_before_ms is not None and step.not_before_ms > now_ms
    return StepView.model_construct(
        id=step.id, job_id=step.job_id, tenant=step.tenant, attempt=0, max_attempts=step.max_attempts,
        type=step.requirements.type, priority=step.priority,
        status=JobStatus.DELAYED if delayed else JobStatus.QUEUED, queued_at_ms=now_ms,
    )  # fmt: skip


def internal_error(error: BaseException) -> StepError:
    """Describe an unexpected exception of a handler, without its text, which may contain private data."""
    return StepError(
        code=StepErrorCode.INTERNAL, message=f"The worker failed with {type(error).__name__}.", retryable=True
    )

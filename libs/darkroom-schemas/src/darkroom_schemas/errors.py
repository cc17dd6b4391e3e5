"""Machine error codes and the one error body that satisfies every dialect (RFC 9457 members plus the seeds' own)."""

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from darkroom_schemas.base import Wire


class ErrorCode(StrEnum):
    """Stable words for programs; the sentence beside them is for people and may change."""

    INVALID_REQUEST = "invalid_request"
    INVALID_JOB_TYPE = "invalid_job_type"
    MISSING_REQUIRED_FIELD = "missing_required_field"
    UNAUTHENTICATED = "unauthenticated"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - an error word, not a secret
    FORBIDDEN = "forbidden"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    NOT_FOUND = "not_found"
    JOB_NOT_FOUND = "job_not_found"
    SERVER_NOT_FOUND = "server_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    KEY_LIMIT = "key_limit"
    ENDPOINT_LIMIT = "endpoint_limit"
    RETRY_LIMIT = "retry_limit"
    NOT_RETRYABLE = "not_retryable"
    COLLECTION_CORRUPTED = "collection_corrupted"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    REQUEST_TIMEOUT = "request_timeout"
    URI_TOO_LONG = "uri_too_long"
    HEADERS_TOO_LARGE = "headers_too_large"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    RATE_LIMITED = "rate_limited"
    QUEUE_FULL = "queue_full"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal_error"


class StepErrorCode(StrEnum):
    """Why an attempt of a step ended badly."""

    INVALID_PAYLOAD = "invalid_payload"
    MODEL_UNAVAILABLE = "model_unavailable"
    OUT_OF_MEMORY = "out_of_memory"
    WORKER_CRASHED = "worker_crashed"
    LEASE_EXPIRED = "lease_expired"
    TIMEOUT = "timeout"
    OUTPUT_TOO_LARGE = "output_too_large"
    STORAGE = "storage_error"
    BACKEND = "backend_error"
    UNWORKABLE = "unworkable"
    EXPIRED = "submission_expired"
    INTERNAL = "internal_error"


class FieldError(Wire):
    """One field that is wrong, and what would be right."""

    field: str
    message: str


class ErrorBody(Wire):
    """Body of every error answer. `success`, `error` and `data` are the seeds' members, the rest is RFC 9457."""

    model_config = ConfigDict(frozen=True, extra="allow")

    success: bool = False
    data: None = None
    error: str
    message: str
    code: ErrorCode
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str | None = None
    retryable: bool = False
    errors: list[FieldError] = Field(default_factory=list)
    details: Any = None

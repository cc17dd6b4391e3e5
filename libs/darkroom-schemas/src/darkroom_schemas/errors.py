"""Error codes, and the common error body: the members of RFC 9457 and those of the dialects."""

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from darkroom_schemas.base import Wire


class ErrorCode(StrEnum):
    """Stable error codes for programs. The sentence beside a code is for people and may change."""

    INVALID_REQUEST = "invalid_request"
    INVALID_JOB_TYPE = "invalid_job_type"
    MISSING_REQUIRED_FIELD = "missing_required_field"
    UNAUTHENTICATED = "unauthenticated"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - an error code, not a secret
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
    UPLOAD_LIMIT = "upload_limit"
    PRESET_LIMIT = "preset_limit"
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
    """Reason for the failure of an attempt."""

    INVALID_PAYLOAD = "invalid_payload"
    MODEL_UNAVAILABLE = "model_unavailable"
    OUT_OF_MEMORY = "out_of_memory"
    DEVICE_ERROR = "device_error"
    """The device reported an error after which its process cannot go on, such as an illegal memory access."""
    WORKER_CRASHED = "worker_crashed"
    LEASE_EXPIRED = "lease_expired"
    TIMEOUT = "timeout"
    NOT_FINITE = "not_finite"
    """The model computed NaN or infinite numbers, which would have become a black picture."""
    OUTPUT_TOO_LARGE = "output_too_large"
    STORAGE = "storage_error"
    BACKEND = "backend_error"
    UNWORKABLE = "unworkable"
    EXPIRED = "submission_expired"
    INTERNAL = "internal_error"


class FieldError(Wire):
    """An invalid field, and a description of valid values."""

    field: str
    message: str


class ErrorBody(Wire):
    """Body of every error response. `success`, `error` and `data` are members of dialects, the others of RFC 9457."""

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

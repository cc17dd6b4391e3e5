"""Maps rejections of the domain to HTTP errors: a status, a code and a message for each."""

import math

from darkroom_chassis.errors import AppError, Unauthenticated, render
from darkroom_chassis.logs import get_logger
from darkroom_chassis.validation import invalid_request, must_be_one_of
from darkroom_schemas.errors import ErrorCode, FieldError
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from platform_api.domain.errors import (
    AlreadyExists,
    BalanceTooLow,
    CollectionCorrupted,
    Forbidden,
    InvalidParameter,
    JobFinished,
    JobNotRetryable,
    JobRetryLimit,
    NotEnoughCredits,
    NotFound,
    NotReplayable,
    QueueIsFull,
    Refused,
    StoreUnavailable,
    TooManyKeys,
    TooManyLogins,
    TooManyPresets,
    TooManyUploads,
    UnknownJobType,
    UnknownServer,
    UnknownUser,
    WrongLogin,
)

log = get_logger(__name__)
RETRY_AFTER_S = 10


def app_error(refusal: Refused) -> AppError:
    """Return the HTTP error for a rejection."""
    match refusal:
        case InvalidParameter(name=name, message=message):
            return invalid(name, message)
        case UnknownJobType(job_type=job_type, valid=valid):
            field = FieldError(field="jobType", message=must_be_one_of(job_type, valid))
            return invalid_request([field], code=ErrorCode.INVALID_JOB_TYPE, extra={"valid_job_types": list(valid)})
        case UnknownUser():
            return AppError(403, ErrorCode.FORBIDDEN, "Unknown user.")
        case WrongLogin():
            return Unauthenticated("The name or the password is wrong.")
        case TooManyLogins(wait_s=wait_s):
            sentence = "Too many attempts to log in; try again later."
            headers = {"Retry-After": str(math.ceil(wait_s))}
            return AppError(429, ErrorCode.RATE_LIMITED, sentence, retryable=True, headers=headers)
        case Forbidden():
            return AppError(403, ErrorCode.FORBIDDEN, str(refusal))
        case NotEnoughCredits(price_mc=price_mc, balance_mc=balance_mc):
            missing = (price_mc - balance_mc) / 1000
            return AppError(
                402,
                ErrorCode.INSUFFICIENT_CREDITS,
                "Not enough credits.",
                extra={
                    "details": f"The job costs {price_mc / 1000:g} credits, {missing:g} more than the balance.",
                    "required_credits": price_mc / 1000,
                    "balance_credits": balance_mc / 1000,
                    "missing_credits": missing,
                    "suggestedAction": f"Add at least {missing:g} credits, or choose a cheaper job type.",
                },
            )
        case BalanceTooLow(balance_mc=balance_mc):
            sentence = f"The user has only {balance_mc / 1000:g} credits."
            return AppError(409, ErrorCode.CONFLICT, sentence, extra={"balance_credits": balance_mc / 1000})
        case QueueIsFull():
            return AppError(
                503,
                ErrorCode.QUEUE_FULL,
                "The queue is full.",
                retryable=True,
                headers={"Retry-After": str(RETRY_AFTER_S)},
                extra={"suggestedAction": f"Try again in {RETRY_AFTER_S} seconds."},
            )
        case NotReplayable():
            sentence = "The asset cannot be replayed: none of Darkroom's own pipelines produced it."
            return AppError(409, ErrorCode.CONFLICT, sentence)
        case AlreadyExists(what=what, name=name):
            return AppError(409, ErrorCode.CONFLICT, f"A {what} named {name!r} already exists.")
        case TooManyKeys(limit=limit):
            sentence = f"The user has {limit} API keys, which is the limit; revoke one first."
            return AppError(409, ErrorCode.KEY_LIMIT, sentence)
        case TooManyUploads(limit=limit):
            sentence = f"The user has {limit} uploads, which is the limit; delete some first."
            return AppError(409, ErrorCode.UPLOAD_LIMIT, sentence)
        case TooManyPresets(limit=limit):
            sentence = f"The user has {limit} presets, which is the limit; delete one first."
            return AppError(409, ErrorCode.PRESET_LIMIT, sentence)
        case NotFound(what="job"):
            return AppError(404, ErrorCode.JOB_NOT_FOUND, "There is no such job.")
        case UnknownServer(alias=alias, known=known, field=name):
            field = FieldError(field=name, message=must_be_one_of(alias, known))
            return invalid_request([field], status=404, code=ErrorCode.SERVER_NOT_FOUND)
        case NotFound(what=what):
            return AppError(404, ErrorCode.NOT_FOUND, f"There is no such {what}.")
        case JobNotRetryable(status=status):
            sentence = f"The job is {status}; only jobs that failed or have not changed for 10 minutes can be retried."
            return AppError(409, ErrorCode.NOT_RETRYABLE, sentence)
        case JobRetryLimit(limit=limit):
            return AppError(409, ErrorCode.RETRY_LIMIT, f"Job has reached maximum retry limit ({limit})")
        case CollectionCorrupted(collection_id=collection_id, problems=problems):
            return AppError(
                409,
                ErrorCode.COLLECTION_CORRUPTED,
                "COLLECTION_CORRUPTED",
                extra={
                    "message": "This collection contains corrupted data and cannot be used for generation.",
                    "userMessage": "Collection data is corrupted. Please contact support.",
                    "details": {"collection_id": collection_id, "problems": dict(problems)},
                },
            )
        case JobFinished(status=status):
            return AppError(409, ErrorCode.CONFLICT, f"The job is already {status}.")
    raise TypeError(f"no HTTP error is defined for {type(refusal).__name__}")


def invalid(field: str, message: str) -> AppError:
    """Return a 400 that names one field."""
    return invalid_request([FieldError(field=field, message=message)])


def _store_unavailable() -> AppError:
    sentence = "The object store does not answer now; try again later."
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return AppError(503, ErrorCode.UNAVAILABLE, sentence, retryable=True, headers=headers)


def install_refusals(app: FastAPI) -> None:
    """Install the handlers for rejections raised by routes, and for outages of the object store."""

    async def on_refusal(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)  # noqa: S101 - registered for this class only
        return render(app_error(error), request.url.path)

    async def on_outage(request: Request, error: Exception) -> JSONResponse:
        log.warning("The object store does not answer", reason=str(error))
        return render(_store_unavailable(), request.url.path)

    app.add_exception_handler(Refused, on_refusal)
    app.add_exception_handler(StoreUnavailable, on_outage)

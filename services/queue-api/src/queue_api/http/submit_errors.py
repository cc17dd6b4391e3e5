"""Error responses of refused submissions."""

from collections.abc import Iterator
from contextlib import contextmanager

from darkroom_chassis.errors import AppError
from darkroom_chassis.idempotency import HEADER
from darkroom_chassis.validation import MAX_NAME, invalid_by, invalid_request, must_be_one_of, printable
from darkroom_queue import ClassShareUsed, QueueFull, StepConflict, TooManyClasses, UnusableStep
from darkroom_schemas.errors import ErrorCode, FieldError

from queue_api.domain.payload import SUBMITTABLE, PayloadError, UnknownJobType, UnusableJobType, UnusableParameter
from queue_api.domain.submission import JobSubmission

ROOM_COMES_IN_S, DEPTH_SHRINKS_IN_S = "600", "10"


@contextmanager
def refusals(request: JobSubmission, key: str | None, max_depth: int) -> Iterator[None]:
    """Convert the errors of a submission to responses."""
    if key is not None and request.id is not None:
        raise _invalid(HEADER, "does the same as `id`: send one of the two")
    try:
        yield
    except UnknownJobType as error:
        raise _invalid_job_type(must_be_one_of(request.job_type, SUBMITTABLE)) from error
    except UnusableJobType as error:
        raise _invalid_job_type(str(error)) from error
    except UnusableParameter as error:
        raise _invalid(f"payload.{printable(error.name, MAX_NAME)}", error.message) from error
    except PayloadError as error:
        raise invalid_by(error.errors) from error
    except UnusableStep as error:
        name, _, message = str(error).partition(": ")
        raise _invalid(name, message) from error
    except StepConflict as error:
        if key is not None:
            sentence = "This Idempotency-Key was used with another request."
            raise AppError(422, ErrorCode.IDEMPOTENCY_MISMATCH, sentence) from error
        raise AppError(409, ErrorCode.CONFLICT, "Another job has this id.") from error
    except QueueFull as error:
        sentence = f"The queue is full ({max_depth} jobs are waiting)."
        headers = {"Retry-After": DEPTH_SHRINKS_IN_S}
        raise AppError(503, ErrorCode.QUEUE_FULL, sentence, retryable=True, headers=headers) from error
    except TooManyClasses as error:
        raise no_room(error) from error


def _invalid(name: str, message: str) -> AppError:
    return invalid_request([FieldError(field=name, message=message)])


def _invalid_job_type(message: str) -> AppError:
    field = FieldError(field="job_type", message=message)
    return invalid_request([field], code=ErrorCode.INVALID_JOB_TYPE, extra={"valid_job_types": list(SUBMITTABLE)})


def no_room(error: TooManyClasses) -> AppError:
    """Return the error for a full table of classes. Unused classes are deleted, so it is retryable."""
    sentence = (
        "Jobs with too many different requirements (models, custom nodes, tags, memory) are in use; "
        "use requirements of earlier jobs, or try again later."
    )
    is_own = isinstance(error, ClassShareUsed)
    status, code = (429, ErrorCode.RATE_LIMITED) if is_own else (503, ErrorCode.UNAVAILABLE)
    return AppError(status, code, sentence, retryable=True, headers={"Retry-After": ROOM_COMES_IN_S})

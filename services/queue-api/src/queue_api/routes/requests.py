"""What requests have in common: ids in paths, and Idempotency-Keys."""

import re
from typing import Annotated

from darkroom_chassis.errors import AppError
from darkroom_chassis.validation import invalid_request
from darkroom_schemas.errors import ErrorCode, FieldError
from darkroom_schemas.ids import StepId
from fastapi import Depends, Header, Path

_ID = re.compile(r"[A-Za-z0-9_.:@+-]{1,200}\Z", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
KEY_HEADER = "Idempotency-Key"


async def _job_id(
    job_id: Annotated[
        str,
        # Documented, not enforced: what is longer is no job, rather than a bad request.
        Path(description="Id of a job, as its submission was answered.", json_schema_extra={"maxLength": 200}),
    ],
) -> StepId:
    """What cannot be an id is one that no job has."""
    if not _ID.match(job_id):
        raise AppError(404, ErrorCode.JOB_NOT_FOUND, "There is no such job.")
    return StepId(job_id)


async def _key(
    key: Annotated[
        str | None,
        Header(
            alias=KEY_HEADER,
            description="Makes a repetition harmless for 24 h: it gets the first job's state.",
            max_length=255,
        ),
    ] = None,
) -> str | None:
    if key is not None and not _KEY.match(key):
        message = "must be 1 to 255 printable ASCII characters without spaces"
        raise invalid_request([FieldError(field=KEY_HEADER, message=message)])
    return key


JobIdPath = Annotated[StepId, Depends(_job_id)]
IdempotencyKey = Annotated[str | None, Depends(_key)]

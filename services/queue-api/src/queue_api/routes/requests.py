"""What requests have in common: ids in paths, and Idempotency-Keys."""

import re
from typing import Annotated

from darkroom_chassis.errors import AppError
from darkroom_chassis.idempotency import HEADER, usable_key
from darkroom_schemas.errors import ErrorCode
from darkroom_schemas.ids import StepId
from fastapi import Depends, Header, Path

_ID = re.compile(r"[A-Za-z0-9_.:@+-]{1,200}\Z", re.ASCII)


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
            alias=HEADER,
            description="Makes a repetition harmless for 24 h: it gets the first job's state.",
            max_length=255,
        ),
    ] = None,
) -> str | None:
    return usable_key(key) if key is not None else None


JobIdPath = Annotated[StepId, Depends(_job_id)]
IdempotencyKey = Annotated[str | None, Depends(_key)]

"""Parameters shared by routes: job ids in paths, and Idempotency-Key."""

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
        # Documented, not enforced: a longer id gets 404 rather than 400.
        Path(description="Id of a job, as returned by its submission.", json_schema_extra={"maxLength": 200}),
    ],
) -> StepId:
    """Return the id; 404 for text that cannot be an id."""
    if not _ID.match(job_id):
        raise AppError(404, ErrorCode.JOB_NOT_FOUND, "There is no such job.")
    return StepId(job_id)


async def _key(
    key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            description="Makes the request idempotent for 24 h: a repetition returns the state of the first job.",
            max_length=255,
        ),
    ] = None,
) -> str | None:
    return usable_key(key) if key is not None else None


JobIdPath = Annotated[StepId, Depends(_job_id)]
IdempotencyKey = Annotated[str | None, Depends(_key)]

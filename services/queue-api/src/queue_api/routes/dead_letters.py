"""`/api/dead-letters`: failed jobs, to be listed, submitted again, or deleted."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from darkroom_chassis.validation import invalid_request
from darkroom_queue import DeadLetterCursor, QueueError
from darkroom_schemas.base import Request
from darkroom_schemas.errors import FieldError, StepErrorCode
from darkroom_schemas.fields import Line, UnixMs
from darkroom_schemas.ids import StepId
from darkroom_schemas.step import StepView
from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field, model_validator

from queue_api.context import Context
from queue_api.domain.job_view import job_view
from queue_api.routes.access import Ctx, require_token
from queue_api.routes.bounded import BoundedRoute

router = APIRouter(
    prefix="/dead-letters", tags=["dead letters"], dependencies=[Depends(require_token)], route_class=BoundedRoute
)
MAX_AT_ONCE = 500
_CURSOR = re.compile(r"(\d{1,15})-([A-Za-z0-9_.:@+-]{1,200})\Z", re.ASCII)
_PAGE = 200
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:@+-]+$", max_length=200)]
Ids = Annotated[list[Id], Field(max_length=MAX_AT_ONCE)]


class Selection(Request):
    """Dead letters: by their ids, or all that match a filter and had failed at a time.

    The time is required with a filter, so that only what the operator has seen is affected.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"job_type": "comfyui", "failed_until": 1795824000000}, {"ids": ["a", "b"]}]}
    )

    ids: Ids | None = None
    job_type: Line | None = None
    error_code: StepErrorCode | None = None
    failed_until: UnixMs | None = Field(default=None, description="In Unix milliseconds, inclusive.")

    @model_validator(mode="after")
    def _selects(self) -> "Selection":
        by_filter = self.job_type is not None or self.error_code is not None or self.failed_until is not None
        if (self.ids is None) == (not by_filter):
            raise ValueError("send either `ids`, or `failed_until` with or without `job_type` and `error_code`")
        if self.ids is None and self.failed_until is None:
            raise ValueError("`failed_until` is required with a filter")
        return self

    def matches(self, view: StepView) -> bool:
        """Whether a dead letter is among the selected ones."""
        code = view.error.code if view.error else None
        return self.job_type in {None, view.type} and self.error_code in {None, code}


@router.get("", summary="List dead letters")
async def list_dead_letters(
    context: Ctx,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 50,
    cursor: Annotated[str | None, Query(description="The `cursor` of the previous page.")] = None,
    job_type: Annotated[str | None, Query(max_length=64)] = None,
    error_code: StepErrorCode | None = None,
) -> dict[str, Any]:
    """Return failed jobs with their errors, the latest first; they are stored for 7 days.

    Filters apply to a page after it was read, so pages may be shorter than `limit` before the last one.
    """
    wanted = Selection.model_construct(job_type=job_type, error_code=error_code)
    page = await context.dead_letters.page(limit=limit, after=None if cursor is None else _parse(cursor))
    following = page.cursor
    return {
        "dead_letters": [job_view(view, None) for view in page.views if wanted.matches(view)],
        "total": await context.dead_letters.count(),
        "cursor": None if following is None else f"{following.failed_ms}-{following.step_id}",
    }


@router.post("/requeue", summary="Submit dead letters again")
async def requeue(selection: Selection, context: Ctx) -> dict[str, Any]:
    """Queue the selected dead letters again with all attempts, at most 500 in a request; `more` says if some are left.

    Jobs of users are refused: platform-api retries them, since it owns their credits.
    """
    found, more = await _selected(selection, context)
    requeued, refused = [], []
    for step_id in found:
        try:
            if await context.dead_letters.requeue(step_id):
                requeued.append(step_id)
            else:
                refused.append({"job_id": step_id, "error": "There is no such dead letter."})
        except QueueError as error:
            refused.append({"job_id": step_id, "error": str(error)})
    return {"requeued": requeued, "refused": refused, "more": more}


@router.post("/purge", summary="Delete dead letters")
async def purge(selection: Selection, context: Ctx) -> dict[str, Any]:
    """Delete the selected dead letters, at most 500 in a request; `more` says if some are left.

    How the jobs ended can still be read for the rest of the 7 days.
    """
    found, more = await _selected(selection, context)
    deleted = await context.dead_letters.purge(found) if found else 0
    return {"deleted": deleted, "more": more}


async def _selected(selection: Selection, context: Context) -> tuple[Sequence[StepId], bool]:
    """Return up to 500 selected ids, and whether there are more."""
    if selection.ids is not None:
        return [StepId(one) for one in selection.ids], False
    found: list[StepId] = []
    async for view in _failed_until(selection.failed_until or 0, context):
        if selection.matches(view):
            if len(found) == MAX_AT_ONCE:
                return found, True
            found.append(view.id)
    return found, False


async def _failed_until(until_ms: int, context: Context) -> AsyncIterator[StepView]:
    after: DeadLetterCursor | None = DeadLetterCursor("~", until_ms)  # sorts after every id
    while after is not None:
        page = await context.dead_letters.page(limit=_PAGE, after=after)
        for view in page.views:
            yield view
        after = page.cursor


def _parse(cursor: str) -> DeadLetterCursor:
    match = _CURSOR.match(cursor)
    if match is None:
        raise invalid_request([FieldError(field="cursor", message="must be the `cursor` of an earlier page")])
    return DeadLetterCursor(match[2], int(match[1]))

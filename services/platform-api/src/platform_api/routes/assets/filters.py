"""Query parameters that filter assets, in lists and in the calendar."""

import re
from dataclasses import replace
from typing import Annotated

from darkroom_schemas.fields import STORABLE_PATTERN, Text
from darkroom_schemas.ids import JobId
from fastapi import Depends, Query
from pydantic import AfterValidator, Field

from platform_api.domain.assets.filters import AssetFilter
from platform_api.domain.assets.tags import MAX_TAG_CHARACTERS, MAX_TAGS, folded, tidy
from platform_api.http.identifiers import Uuid
from platform_api.http.requests import JobTypeFilter
from platform_api.http.times import QueryTime

MAX_SEARCH = 200
_WORD = re.compile(r"[^\W_]+(?:[./][^\W_]+)*")
"""Letters and digits; a point or a slash between them belongs to the word, as PostgreSQL reads it."""


def _tidy_tag(text: str) -> str:
    if not 1 <= len(tag := tidy(text)) <= MAX_TAG_CHARACTERS or not tag.isprintable():
        raise ValueError(f"must be 1 to {MAX_TAG_CHARACTERS} printable characters")
    return tag


Tag = Annotated[Text, Field(max_length=200), AfterValidator(_tidy_tag)]
MimeTypeFilter = Annotated[
    Text | None, Query(max_length=100, pattern=r"^[\w.+-]+/([\w.+-]+|\*)$", description="`image/*` for all.")
]
FavouriteFilter = Annotated[bool | None, Query(description="`true` for favourites, `false` for the others.")]
TagFilter = Annotated[
    list[Tag], Query(max_length=MAX_TAGS, description="Repeatable: assets that have all of these tags, in any case.")
]
Search = Annotated[
    Text | None,
    Query(
        max_length=MAX_SEARCH,
        description="Words that the prompt must contain, in any order and case; of the last one the beginning.",
        examples=["castle red ro"],
    ),
]
ModelFilter = Annotated[
    str | None, Query(max_length=200, pattern=STORABLE_PATTERN, description="Name of the model in the recipe.")
]


async def _shared_filter(
    job_type: JobTypeFilter = None,
    mime_type: MimeTypeFilter = None,
    favourite: FavouriteFilter = None,
    tag: TagFilter = [],  # noqa: B006 - FastAPI copies defaults
    q: Search = None,
    model: ModelFilter = None,
) -> AssetFilter:
    """Return the filter of lists and of the calendar."""
    words = None if q is None or not q.strip() else tuple(_WORD.findall(q))
    return AssetFilter(
        job_type=job_type,
        mime_type=mime_type,
        favourite=favourite,
        tags=tuple(dict.fromkeys(map(folded, tag))),
        words=words,
        model=model,
    )


async def _list_filter(
    where: Annotated[AssetFilter, Depends(_shared_filter)],
    job_id: Annotated[Uuid | None, Query()] = None,
    created_after: Annotated[QueryTime | None, Query(description="Created at or after this time.")] = None,
    created_before: Annotated[QueryTime | None, Query(description="Created before this time.")] = None,
) -> AssetFilter:
    job = JobId(job_id) if job_id else None
    return replace(where, job_id=job, created_from=created_after, created_before=created_before)


CalendarFilter = Annotated[AssetFilter, Depends(_shared_filter)]
ListFilter = Annotated[AssetFilter, Depends(_list_filter)]

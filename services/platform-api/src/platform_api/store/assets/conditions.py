"""Conditions of asset lists beyond those that an index of `assets` orders by."""

from collections.abc import Iterator
from typing import Any

from darkroom_schemas.ids import UserId
from sqlalchemy import ColumnElement, cast, false, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY

from platform_api.domain.assets.filters import AssetFilter
from platform_api.store.tables.assets import WORDS, asset_tags, assets

_SIMPLE: ColumnElement[Any] = literal_column("'simple'")
_WORDS: ColumnElement[Any] = literal_column(f"({WORDS})")


def is_of_kind(mime_type: str) -> ColumnElement[bool]:
    """Return the condition that a MIME type is this one, or of its family if it ends in `/*`."""
    family, _, kind = mime_type.partition("/")
    if kind == "*":
        return assets.c.mime_type.startswith(f"{family}/", autoescape=True)
    return assets.c.mime_type == mime_type


def marked(user_id: UserId, where: AssetFilter) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on marks, prompt and model."""
    if where.favourite is not None:
        yield assets.c.favourite if where.favourite else ~assets.c.favourite
    for tag in where.tags:
        columns = asset_tags.c
        tagged = select(columns.asset_id).where(columns.user_id == user_id, columns.tag == tag)
        yield assets.c.id.in_(tagged)
    if where.words == ():
        yield false()
    elif where.words is not None or where.model is not None:
        yield _WORDS.op("@@")(_query(user_id, where.words or (), where.model))


def _query(user_id: UserId, words: tuple[str, ...], model: str | None) -> ColumnElement[Any]:
    query = _lexeme(f"u:{user_id}")
    if model is not None:
        query = query.op("&&")(_lexeme(f"m:{model[:200]}"))
    for word in words[:-1]:
        query = query.op("&&")(func.plainto_tsquery(_SIMPLE, word))
    if words:
        query = query.op("&&")(func.to_tsquery(_SIMPLE, f"{_quoted(words[-1])}:*"))
    return query


def _lexeme(text: str) -> ColumnElement[Any]:
    return cast(literal(_quoted(text)), TSQUERY)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

"""Turns violations of unique constraints into rejections."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError

from platform_api.domain.errors import AlreadyExists


@contextmanager
def unique(what: str, name: str) -> Iterator[None]:
    """Raise `AlreadyExists` if the statement inside gives something a name that is taken."""
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise AlreadyExists(what, name) from error
        raise

"""Tags of assets: how they are written and compared."""

import unicodedata
from collections.abc import Iterable

MAX_TAGS = 20
MAX_TAG_CHARACTERS = 50


def tidy(tag: str) -> str:
    """Return a tag as it is stored: composed characters, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", tag).split())


def folded(tag: str) -> str:
    """Return the form in which tags are compared: without regard to case."""
    return unicodedata.normalize("NFC", tidy(tag).casefold())


def distinct(tags: Iterable[str]) -> dict[str, str]:
    """Return the tags by their folded form, in order; of equal ones the first."""
    found: dict[str, str] = {}
    for tag in tags:
        found.setdefault(folded(tag), tidy(tag))
    return found

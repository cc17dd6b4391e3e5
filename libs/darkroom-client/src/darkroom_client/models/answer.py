"""Base class of the response models, and pages of lists."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Answer(BaseModel):
    """Part of a response. Unknown members of newer services are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list, newest first. Pass `cursor` to get the next page; it is None on the last.

    `total` counts the whole list, if the service reports it. If `total_is_exact` is False, it is a lower bound.
    """

    items: tuple[T, ...]
    cursor: str | None = None
    total: int | None = None
    total_is_exact: bool = True

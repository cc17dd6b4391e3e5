"""What all models of answers have in common, and pages of lists."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Answer(BaseModel):
    """A part of an answer. Members that a newer service adds are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list, newest first. Pass `cursor` for the next one; it is None on the last.

    `total` counts the whole list where the service returns it; it may be more where `total_is_exact` is False.
    """

    items: tuple[T, ...]
    cursor: str | None = None
    total: int | None = None
    total_is_exact: bool = True

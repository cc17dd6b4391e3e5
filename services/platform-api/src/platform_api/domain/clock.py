"""The clock of the domain."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Returns the current time, timezone-aware, in UTC."""

    def __call__(self) -> datetime: ...

"""The time, as the domain takes it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def __call__(self) -> datetime: ...

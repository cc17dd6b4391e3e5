"""Progress and cancellation of a download."""

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transfer:
    """How far the download of a model is, in bytes: of the file in progress, and of all its files."""

    file: str
    file_done: int
    file_total: int
    done: int
    total: int


Report = Callable[[Transfer], None]
"""Receives the state of a download after each part of a file, some times a second; must return at once."""


class Cancelled(Exception):
    """The work was cancelled; what it has written is used when it is started again."""


class Cancellation:
    """Cancels work in another thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Make the next `check` raise Cancelled."""
        self._event.set()

    def check(self) -> None:
        """Raise Cancelled once `cancel` was called."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Wait; raises Cancelled as soon as `cancel` is called."""
        self._event.wait(seconds)
        self.check()

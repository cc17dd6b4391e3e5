"""Takes note of what an object store's uploads tell."""

import asyncio


class StoreNotes:
    """Implements gpu-worker's `StoreWatch`."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.refused_once = asyncio.Event()
        self.is_held = False

    def refused(self, reason: str) -> None:
        self.reasons.append(reason)
        self.is_held = True
        self.refused_once.set()

    def accepted(self) -> None:
        self.is_held = False

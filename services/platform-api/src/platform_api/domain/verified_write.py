"""Writes that must not be lost to a moment's trouble: tried again, and read back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

Written = TypeVar("Written")
PAUSES_S = (1.0, 2.0, 4.0)


class NotVerified(Exception):
    """What was written could not be read back."""


@dataclass(frozen=True, slots=True)
class VerifiedWrite:
    """Tries again, after 1, 2 and 4 seconds, what failed for a `transient` reason or is not there afterwards."""

    transient: tuple[type[Exception], ...]
    sleep: Callable[[float], Awaitable[None]]

    async def write(
        self, attempt: Callable[[], Awaitable[Written]], is_stored: Callable[[Written], Awaitable[bool]]
    ) -> Written:
        """Return what a verified attempt returned; raises as the last one did, or `NotVerified`."""
        passing: tuple[type[Exception], ...] = (NotVerified, *self.transient)
        for pause_s in PAUSES_S:
            try:
                return await _verified(attempt, is_stored)
            except passing:
                await self.sleep(pause_s)
        return await _verified(attempt, is_stored)


async def _verified(
    attempt: Callable[[], Awaitable[Written]], is_stored: Callable[[Written], Awaitable[bool]]
) -> Written:
    written = await attempt()
    if not await is_stored(written):
        raise NotVerified
    return written

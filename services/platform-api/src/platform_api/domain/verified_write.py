"""Writes with retries that verify the result by reading it back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

Written = TypeVar("Written")
PAUSES_S = (1.0, 2.0, 4.0)


class NotVerified(Exception):
    """The written state could not be read back."""


@dataclass(frozen=True, slots=True)
class VerifiedWrite:
    """Retries after 1, 2 and 4 seconds if a write fails with a `transient` error or cannot be read back."""

    transient: tuple[type[Exception], ...]
    sleep: Callable[[float], Awaitable[None]]

    async def write(
        self, attempt: Callable[[], Awaitable[Written]], is_stored: Callable[[Written], Awaitable[bool]]
    ) -> Written:
        """Return the result of a verified attempt; raises the error of the last attempt, or `NotVerified`."""
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

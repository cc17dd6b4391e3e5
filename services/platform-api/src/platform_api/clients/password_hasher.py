"""Slow hashes of passwords: Argon2id with the library's parameters, in threads and only a few at once."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 4
"""Each takes 64 MiB: a flood of logins waits instead of filling the memory."""
MAX_WAITING_FOR_NOTHING = 16
"""Logins in names that do not exist that wait for their turn; more of them are answered without a hash."""


class Argon2Hasher:
    """Implements `PasswordHasher`.

    Logins in names that do not exist have a slot of their own, so that inventing names delays nobody. Beyond
    `MAX_WAITING_FOR_NOTHING` the response time reveals that a name does not exist.
    """

    def __init__(self) -> None:
        self._argon2 = PasswordHasher()
        self._slots, self._slot_for_nothing = asyncio.Semaphore(AT_ONCE - 1), asyncio.Semaphore(1)
        self._waiting_for_nothing = 0
        self._hash_of_nothing: str | None = None

    async def hash(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(self._argon2.hash, password)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        if password_hash is not None:
            return await self._verified(password, password_hash, self._slots)
        if self._waiting_for_nothing < MAX_WAITING_FOR_NOTHING:
            self._waiting_for_nothing += 1
            try:
                # The time of an answer must not tell which names exist.
                self._hash_of_nothing = self._hash_of_nothing or await self.hash("")
                await self._verified(password, self._hash_of_nothing, self._slot_for_nothing)
            finally:
                self._waiting_for_nothing -= 1
        return False

    async def _verified(self, password: str, password_hash: str, slots: asyncio.Semaphore) -> bool:
        async with slots:
            try:
                return await asyncio.to_thread(self._argon2.verify, password_hash, password)
            except (VerificationError, InvalidHashError):
                return False

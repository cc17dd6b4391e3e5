"""Slow hashes of passwords: Argon2id with the library's parameters, in threads and only a few at once."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 4
"""Each takes 64 MiB: a flood of logins waits instead of filling the memory."""


class Argon2Hasher:
    """Implements `PasswordHasher`."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._hash_of_nothing: str | None = None

    async def hash(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(self._argon2.hash, password)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None:
            # The time of an answer must not tell which names exist.
            self._hash_of_nothing = self._hash_of_nothing or await self.hash("")
            await self._verified(password, self._hash_of_nothing)
            return False
        return await self._verified(password, password_hash)

    async def _verified(self, password: str, password_hash: str) -> bool:
        async with self._slots:
            try:
                return await asyncio.to_thread(self._argon2.verify, password_hash, password)
            except (VerificationError, InvalidHashError):
                return False

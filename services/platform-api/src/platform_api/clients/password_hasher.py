"""Slow hashes of passwords: Argon2id with the library's default parameters, in threads, with a concurrency limit."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 4
"""Concurrent hashes. Each uses 64 MiB: during a flood, logins wait."""
MAX_DUMMIES_WAITING = 16
"""Waiting logins with unknown names; further ones are rejected without computing a hash."""


class Argon2Hasher:
    """Implements `PasswordHasher`.

    Logins with unknown names use a slot of their own, so that they do not delay other logins. Beyond
    `MAX_DUMMIES_WAITING`, the response time reveals that a name is unknown.
    """

    def __init__(self) -> None:
        self._argon2 = PasswordHasher()
        self._slots, self._dummy_slot = asyncio.Semaphore(AT_ONCE - 1), asyncio.Semaphore(1)
        self._dummies_waiting = 0
        self._dummy_hash: str | None = None

    async def hash(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(self._argon2.hash, password)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        if password_hash is not None:
            return await self._verified(password, password_hash, self._slots)
        if self._dummies_waiting < MAX_DUMMIES_WAITING:
            self._dummies_waiting += 1
            try:
                # The response time must not reveal which names exist.
                self._dummy_hash = self._dummy_hash or await self.hash("")
                await self._verified(password, self._dummy_hash, self._dummy_slot)
            finally:
                self._dummies_waiting -= 1
        return False

    async def _verified(self, password: str, password_hash: str, slots: asyncio.Semaphore) -> bool:
        async with slots:
            try:
                return await asyncio.to_thread(self._argon2.verify, password_hash, password)
            except (VerificationError, InvalidHashError):
                return False

"""Hashes of passwords are bounded, and made-up names delay nobody."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from platform_api.clients.password_hasher import MAX_DUMMIES_WAITING, Argon2Hasher

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Verifications of made-up names hang until the event is set."""
    gate, verify = threading.Event(), PasswordHasher.verify

    def slow(self: PasswordHasher, password_hash: str, password: str) -> bool:
        if password == "made up":
            gate.wait(30)
        return verify(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    yield gate
    gate.set()


async def test_a_flood_of_names_that_do_not_exist_delays_no_user(held: threading.Event) -> None:
    hasher = Argon2Hasher()
    right = await hasher.hash("right")
    flood = [asyncio.create_task(hasher.matches("made up", None)) for _ in range(400)]
    async with asyncio.timeout(10):
        assert await hasher.matches("right", right)
        assert not await hasher.matches("wrong", right)
    await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
    waiting = sum(not task.done() for task in flood)
    held.set()
    assert not any(await asyncio.gather(*flood))
    assert waiting <= MAX_DUMMIES_WAITING


async def test_a_name_that_does_not_exist_costs_a_hash(held: threading.Event) -> None:
    answer = asyncio.create_task(Argon2Hasher().matches("made up", None))
    assert not (await asyncio.wait({answer}, timeout=0.2))[0]  # nothing signals that nothing happens
    held.set()
    assert not await answer


async def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not await Argon2Hasher().matches("right", "not a hash")

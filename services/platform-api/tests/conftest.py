"""Fixtures of all tests of platform-api."""

from functools import partial

import pytest
from argon2 import PasswordHasher
from platform_api.domain.assets.signed_urls import UrlSigner
from support.memory_store import MemoryStore


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the least work: how much it is in production changes no answer."""
    least = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("platform_api.clients.password_hasher.PasswordHasher", least)


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def urls() -> UrlSigner:
    return UrlSigner("s" * 32, "https://darkroom.example")

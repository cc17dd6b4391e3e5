"""Clients of a scripted service, sync and async."""

from collections.abc import Iterator
from typing import Any

import pytest
from support.either_client import Async, Connect, EitherClient, Sync
from support.scripted_service import ScriptedService, scripted_service


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with scripted_service() as running:
        yield running


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Open clients that are closed after the test."""
    opened: list[EitherClient] = []

    def open_one(url: str, token: str = "secret", **options: Any) -> EitherClient:
        opened.append(request.param(url, token, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def api(connect: Connect, service: ScriptedService) -> EitherClient:
    """A client of the scripted service, which is platform-api and webhook-dispatcher in one: `api(api.client.…)`."""
    return connect(service.url, dispatcher_url=service.url)

"""The sync and the async client behind one face, so that both pass the same tests."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from darkroom_client import AsyncClient, Client
from support.scripted_service import ScriptedService, scripted_service


async def collect(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


class Sync:
    """Gives what the client's methods return; iterators as lists."""

    def __init__(self, url: str, token: str, **options: Any) -> None:
        self.pauses: list[float] = []
        self.client: Any = Client(url, token, sleep=self.pauses.append, **options)

    def __call__(self, answer: Any) -> Any:
        return list(answer) if isinstance(answer, Iterator) else answer

    def close(self) -> None:
        self.client.close()


class Async:
    """The same for the async client, in one event loop."""

    def __init__(self, url: str, token: str, **options: Any) -> None:
        self.pauses: list[float] = []

        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        self._runner = asyncio.Runner()
        self.client: Any = AsyncClient(url, token, sleep=sleep, **options)

    def __call__(self, answer: Any) -> Any:
        if isinstance(answer, AsyncIterator):
            answer = collect(answer)
        return self._runner.run(_awaited(answer)) if inspect.isawaitable(answer) else answer

    def close(self) -> None:
        self._runner.run(self.client.aclose())
        self._runner.close()


async def _awaited(answer: Any) -> Any:
    return await answer


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    with scripted_service() as running:
        yield running


Connect = Callable[..., Any]


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Open clients that are closed after the test."""
    opened: list[Any] = []

    def open_one(url: str, token: str = "secret", **options: Any) -> Any:
        opened.append(request.param(url, token, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def api(connect: Connect, service: ScriptedService) -> Any:
    """A client of the scripted service, which is platform-api and webhook-dispatcher in one: `api(api.client.…)`."""
    return connect(service.url, dispatcher_url=service.url)

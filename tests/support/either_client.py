"""The sync and the async client behind one face, so that both pass the same tests."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

from darkroom_client import AsyncClient, Client


async def collect(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


class Sync:
    """Gives what the client's methods return; iterators as lists."""

    def __init__(self, url: str, token: str, **options: Any) -> None:
        self.pauses: list[float] = []
        self.client: Any = Client(  # Any: what the methods return differs between the two clients
            url, token, sleep=self.pauses.append, **options
        )

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
        self.client: Any = AsyncClient(  # Any: as in `Sync`
            url, token, sleep=sleep, **options
        )

    def __call__(self, answer: Any) -> Any:
        if isinstance(answer, AsyncIterator):
            answer = collect(answer)
        return self._runner.run(_awaited(answer)) if inspect.isawaitable(answer) else answer

    def close(self) -> None:
        self._runner.run(self.client.aclose())
        self._runner.close()


async def _awaited(answer: Any) -> Any:
    return await answer


EitherClient = Sync | Async


class Connect(Protocol):
    """Opens clients that are closed after the test, with the client's options by keyword."""

    def __call__(self, url: str, token: str = "secret", **options: Any) -> EitherClient: ...

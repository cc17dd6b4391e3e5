"""Sends calls and reads streams, asynchronously."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
from httpx_sse import EventSource

from darkroom_client.access import Access
from darkroom_client.calls.call import STREAM_TIMEOUT, TIMEOUT, BearerFor, Call
from darkroom_client.errors import error_of
from darkroom_client.following import CUT, Following
from darkroom_client.models.answer import Page
from darkroom_client.models.jobs import JobEvent
from darkroom_client.retrying import Attempts, Retries
from darkroom_client.saving import complete

T = TypeVar("T")


class AsyncTransport:
    """The connections of one client. Retries calls and resumes streams when a connection is lost."""

    def __init__(self, access: Access, retries: Retries, sleep: Callable[[float], Awaitable[None]]) -> None:
        self.access = access
        self._retries = retries
        self._sleep = sleep
        self._http = httpx.AsyncClient(auth=BearerFor(access), timeout=TIMEOUT)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """Send a call, with retries, and return its result."""
        url, attempts = self._url(call), Attempts(call, self._retries)
        while True:
            try:
                response = await self._http.request(
                    call.method,
                    url,
                    content=call.content,
                    json=call.json,
                    params=dict(call.params),
                    headers=dict(call.headers),
                )
            except httpx.TransportError as error:
                await self._sleep(attempts.after_cut(error, url))
                continue
            pause_s = attempts.after_answer(response)
            if pause_s is None:
                return attempts.result(response)
            await self._sleep(pause_s)

    async def every(self, page: Callable[[str | None], Call[Page[T]]]) -> AsyncIterator[T]:
        """Yield the items of a list, page by page."""
        found = await self.send(page(None))
        for item in found.items:
            yield item
        while found.cursor is not None:
            found = await self.send(page(found.cursor))
            for item in found.items:
                yield item

    async def follow(self, job_id: str, last_event_id: str | None) -> AsyncIterator[JobEvent]:
        """Yield the events of a job until it ends, across lost connections and restarts of the service."""
        following = Following(job_id, last_event_id)
        while not following.ended:
            cut: Exception | None = None
            try:
                async for event in self._events(following):
                    yield event
            except CUT as error:
                cut = error
            if not following.ended:
                await self._sleep(following.pause_s(cut))

    async def download(self, url: str, file: Path) -> None:
        """Download to a file, which is created when the download is complete. A lost connection restarts it."""
        call: Call[None] = Call("GET", url, lambda _: None)
        attempts = Attempts(call, self._retries)
        at = httpx.URL(self._url(call)) if url.startswith("/") else httpx.URL(url)
        while True:
            try:
                pause_s = await self._try_download(at, file, attempts)
            except httpx.TransportError as error:
                pause_s = attempts.after_cut(error, at)
            if pause_s is None:
                return
            await self._sleep(pause_s)

    async def _try_download(self, url: httpx.URL, file: Path, attempts: Attempts[None]) -> float | None:
        async with self._http.stream("GET", url) as response:
            if not response.is_success:
                await response.aread()
                if (pause_s := attempts.after_answer(response)) is None:
                    raise error_of(response)
                return pause_s
            with complete(file) as target:
                async for chunk in response.aiter_bytes():
                    target.write(chunk)
        return None

    async def _events(self, following: Following) -> AsyncIterator[JobEvent]:
        call = following.call()
        async with self._http.stream(
            call.method, self._url(call), headers=dict(call.headers), timeout=STREAM_TIMEOUT
        ) as response:
            if not response.is_success:
                await response.aread()
            if following.opened(response):
                async for sse in EventSource(response).aiter_sse():
                    if event := following.event(sse):
                        yield event

    def _url(self, call: Call[T]) -> str:
        return f"{self.access.url(call.service)}{call.path}"

"""The asynchronous client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from httpx_sse import EventSource

from darkroom_client import calls
from darkroom_client.errors import NotReachable, error_of
from darkroom_client.following import CUT, Following
from darkroom_client.models import Job, JobEvent


class AsyncClient:
    """Talks to one platform-api as one user. `token` is an API key or a JWT."""

    def __init__(self, url: str, token: str, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            base_url=url,
            auth=calls.BearerFor(url, token),
            timeout=calls.TIMEOUT,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def submit(
        self,
        job_type: str,
        prompt: str,
        *,
        negative_prompt: str | None = None,
        seed: int | None = None,
        idempotency_key: str | None = None,
    ) -> str:
        """Submit a job and return its id."""
        call = calls.submission(
            job_type, prompt, negative_prompt=negative_prompt, seed=seed, idempotency_key=idempotency_key
        )
        return str((await self._send(call))["job"]["id"])

    async def job(self, job_id: str) -> Job:
        """Read a job."""
        return Job.from_answer(await self._send(calls.job(job_id)))

    async def jobs(self, *, limit: int = 50) -> list[Job]:
        """List the newest jobs."""
        return [Job.from_answer(body) for body in (await self._send(calls.jobs(limit)))["data"]]

    async def cancel(self, job_id: str) -> None:
        """Ask for a job to be cancelled."""
        await self._send(calls.cancellation(job_id))

    async def assets(self, *, limit: int = 50) -> list[dict[str, Any]]:
        """List the newest assets."""
        return list((await self._send(calls.assets(limit)))["assets"])

    async def follow(self, job_id: str, *, last_event_id: str | None = None) -> AsyncIterator[JobEvent]:
        """Yield the events of a job until it has ended, over cut connections and restarts of the service."""
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
        """Save an asset; the file appears when it is complete."""
        part = file.with_name(f"{file.name}.part")
        try:
            async with self._http.stream("GET", url) as response:
                if not response.is_success:
                    await response.aread()
                    raise error_of(response)
                with part.open("wb") as target:
                    async for chunk in response.aiter_bytes():
                        target.write(chunk)
        except httpx.TransportError as error:
            raise NotReachable(f"The download of {file.name} was cut: {error}") from error
        part.rename(file)

    async def _send(self, call: calls.Call) -> Any:
        for pause_s in calls.RETRY_PAUSES_S:
            try:
                return await self._try(call)
            except httpx.TransportError:
                await self._sleep(pause_s)
        try:
            return await self._try(call)
        except httpx.TransportError as error:
            raise calls.unreachable(self._http.base_url, error) from error

    async def _try(self, call: calls.Call) -> Any:
        response = await self._http.request(
            call.method, call.path, json=call.json, params=call.params, headers=call.headers
        )
        return calls.answer(response)

    async def _events(self, following: Following) -> AsyncIterator[JobEvent]:
        call = following.call()
        async with self._http.stream(
            call.method, call.path, headers=call.headers, timeout=calls.STREAM_TIMEOUT
        ) as response:
            if not response.is_success:
                await response.aread()
            if following.opened(response):
                async for sse in EventSource(response).aiter_sse():
                    if event := following.event(sse):
                        yield event

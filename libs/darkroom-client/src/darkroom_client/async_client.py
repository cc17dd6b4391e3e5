"""The asynchronous client."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from darkroom_client.access import Access, find_access
from darkroom_client.async_job_handles import AsyncJobHandle
from darkroom_client.async_resources import (
    AsyncAssets,
    AsyncCredits,
    AsyncJobs,
    AsyncJobTypes,
    AsyncKeys,
    AsyncTickets,
    AsyncWebhooks,
)
from darkroom_client.async_transport import AsyncTransport
from darkroom_client.calls import jobs
from darkroom_client.calls.jobs import JobOptions
from darkroom_client.retrying import NO_RETRIES, Retries


class AsyncClient:
    """A client of Darkroom for one user. `token` is an API key or a JWT; webhooks need an API key.

    Without arguments, URLs and token come from DARKROOM_URL, DARKROOM_TOKEN and DARKROOM_DISPATCHER_URL, or from the
    stack that `darkroom up` runs on this machine. `retries=None` disables retries.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        dispatcher_url: str | None = None,
        retries: Retries | None = Retries(),  # noqa: B008 - frozen
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._transport = AsyncTransport(find_access(url, token, dispatcher_url), retries or NO_RETRIES, sleep)
        self.jobs = AsyncJobs(self._transport)
        self.assets = AsyncAssets(self._transport)
        self.job_types = AsyncJobTypes(self._transport)
        self.credits = AsyncCredits(self._transport)
        self.keys = AsyncKeys(self._transport)
        self.webhooks = AsyncWebhooks(self._transport)
        self.tickets = AsyncTickets(self._transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def access(self) -> Access:
        """The URLs of the services, and the token."""
        return self._transport.access

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def submit(self, job_type: str, prompt: str | None = None, **options: Unpack[JobOptions]) -> AsyncJobHandle:
        """Submit a job and return without waiting for it.

        The options are those of `JobOptions`, such as `seed`, `loras`, `webhook_url` and `idempotency_key`.
        """
        submitted = await self._transport.send(jobs.submission(job_type, prompt, **options))
        return AsyncJobHandle(submitted.id, self._transport, submitted.notices)

    async def run(self, job_type: str, prompt: str | None = None, **options: Unpack[JobOptions]) -> AsyncJobHandle:
        """Submit a job, with the options of `submit`, and wait until it ends.

        `.job` has the result, and `.save(folder)` downloads the files.
        """
        handle = await self.submit(job_type, prompt, **options)
        await handle.wait()
        return handle

    async def download(self, url: str, file: Path | str) -> Path:
        """Download a URL of the platform. The file is created when the download is complete."""
        await self._transport.download(url, Path(file))
        return Path(file)

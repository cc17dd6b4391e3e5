"""The synchronous client."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from darkroom_client.access import Access, find_access
from darkroom_client.calls import jobs
from darkroom_client.calls.jobs import JobOptions
from darkroom_client.job_handles import JobHandle
from darkroom_client.resources import Assets, Credits, Jobs, JobTypes, Keys, Tickets, Webhooks
from darkroom_client.retrying import NO_RETRIES, Retries
from darkroom_client.transport import Transport


class Client:
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
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(find_access(url, token, dispatcher_url), retries or NO_RETRIES, sleep)
        self.jobs = Jobs(self._transport)
        self.assets = Assets(self._transport)
        self.job_types = JobTypes(self._transport)
        self.credits = Credits(self._transport)
        self.keys = Keys(self._transport)
        self.webhooks = Webhooks(self._transport)
        self.tickets = Tickets(self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def access(self) -> Access:
        """The URLs of the services, and the token."""
        return self._transport.access

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def submit(self, job_type: str, prompt: str | None = None, **options: Unpack[JobOptions]) -> JobHandle:
        """Submit a job and return without waiting for it.

        The options are those of `JobOptions`, such as `seed`, `loras`, `webhook_url` and `idempotency_key`.
        """
        submitted = self._transport.send(jobs.submission(job_type, prompt, **options))
        return JobHandle(submitted.id, self._transport, submitted.notices)

    def run(self, job_type: str, prompt: str | None = None, **options: Unpack[JobOptions]) -> JobHandle:
        """Submit a job, with the options of `submit`, and wait until it ends.

        `.job` has the result, and `.save(folder)` downloads the files.
        """
        handle = self.submit(job_type, prompt, **options)
        handle.wait()
        return handle

    def download(self, url: str, file: Path | str) -> Path:
        """Download a URL of the platform. The file is created when the download is complete."""
        self._transport.download(url, Path(file))
        return Path(file)

"""The synchronous client."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from httpx_sse import EventSource

from darkroom_client import calls
from darkroom_client.errors import NotReachable, error_of
from darkroom_client.following import CUT, Following
from darkroom_client.models import Job, JobEvent


class Client:
    """Talks to one platform-api as one user. `token` is an API key or a JWT."""

    def __init__(self, url: str, token: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=url,
            auth=calls.BearerFor(url, token),
            timeout=calls.TIMEOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit(
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
        return str(self._send(call)["job"]["id"])

    def job(self, job_id: str) -> Job:
        """Read a job."""
        return Job.from_answer(self._send(calls.job(job_id)))

    def jobs(self, *, limit: int = 50) -> list[Job]:
        """List the newest jobs."""
        return [Job.from_answer(body) for body in self._send(calls.jobs(limit))["data"]]

    def cancel(self, job_id: str) -> None:
        """Ask for a job to be cancelled."""
        self._send(calls.cancellation(job_id))

    def assets(self, *, limit: int = 50) -> list[dict[str, Any]]:
        """List the newest assets."""
        return list(self._send(calls.assets(limit))["assets"])

    def follow(self, job_id: str, *, last_event_id: str | None = None) -> Iterator[JobEvent]:
        """Yield the events of a job until it has ended, over cut connections and restarts of the service."""
        following = Following(job_id, last_event_id)
        while not following.ended:
            cut: Exception | None = None
            try:
                yield from self._events(following)
            except CUT as error:
                cut = error
            if not following.ended:
                self._sleep(following.pause_s(cut))

    def download(self, url: str, file: Path) -> None:
        """Save an asset; the file appears when it is complete."""
        part = file.with_name(f"{file.name}.part")
        try:
            with self._http.stream("GET", url) as response:
                if not response.is_success:
                    response.read()
                    raise error_of(response)
                with part.open("wb") as target:
                    for chunk in response.iter_bytes():
                        target.write(chunk)
        except httpx.TransportError as error:
            raise NotReachable(f"The download of {file.name} was cut: {error}") from error
        part.rename(file)

    def _send(self, call: calls.Call) -> Any:
        for pause_s in calls.RETRY_PAUSES_S:
            try:
                return self._try(call)
            except httpx.TransportError:
                self._sleep(pause_s)
        try:
            return self._try(call)
        except httpx.TransportError as error:
            raise calls.unreachable(self._http.base_url, error) from error

    def _try(self, call: calls.Call) -> Any:
        response = self._http.request(call.method, call.path, json=call.json, params=call.params, headers=call.headers)
        return calls.answer(response)

    def _events(self, following: Following) -> Iterator[JobEvent]:
        call = following.call()
        with self._http.stream(call.method, call.path, headers=call.headers, timeout=calls.STREAM_TIMEOUT) as response:
            if not response.is_success:
                response.read()
            if following.opened(response):
                for sse in EventSource(response).iter_sse():
                    if event := following.event(sse):
                        yield event

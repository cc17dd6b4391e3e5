"""The operator's side of queue-api: queues, workers and failed jobs. Needs its AUTH_TOKEN."""

import os
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from types import TracebackType
from typing import Any, Self

import httpx

from darkroom_client.access import STACK_PLUGINS, VARIABLES, Service
from darkroom_client.calls.call import TIMEOUT, segment, without_none
from darkroom_client.errors import NotReachable, ServiceError, error_of
from darkroom_client.retrying import unreachable

QUEUE_URL, QUEUE_TOKEN = VARIABLES[Service.QUEUE], "DARKROOM_QUEUE_TOKEN"
MAX_PAGE = 200
QUEUE = "queue"
"""Entry point of the installed package that runs local stacks: URL and token of queue-api."""


def find_queue(url: str | None = None, token: str | None = None) -> tuple[str, str]:
    """Take URL and token from the arguments, else the environment, else the running local stack.

    Raises `NotReachable` if there is no URL.
    """
    url, token = url or os.environ.get(QUEUE_URL), token or os.environ.get(QUEUE_TOKEN)
    if url:
        return url.rstrip("/"), token or ""
    for plugin in entry_points(group=STACK_PLUGINS, name=QUEUE):
        stack_url, stack_token = plugin.load()()
        return stack_url, token or stack_token
    raise NotReachable(f"The address of queue-api is unknown: set --queue-url, or {QUEUE_URL} and {QUEUE_TOKEN}.")


class QueueOperator:
    """Calls of queue-api's routes for operators. Objects are those of its OpenAPI document.

    Every call may raise a `DarkroomError`.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        self.url, self.token = find_queue(url, token)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def queues(self) -> dict[str, Any]:
        """Return depths by job type, and what is paused."""
        return self._send("GET", "/api/queues")

    def pause(self, job_type: str | None = None) -> dict[str, Any]:
        """Start no more jobs of a type, or of any."""
        return self._send("POST", "/api/queues/pause", {"job_type": job_type})

    def resume(self, job_type: str | None = None) -> dict[str, Any]:
        """Undo a pause."""
        return self._send("POST", "/api/queues/resume", {"job_type": job_type})

    def jobs(
        self,
        *,
        status: Sequence[str] | None = None,
        job_type: str | None = None,
        worker_id: str | None = None,
        group_id: str | None = None,
        most: int = 50,
    ) -> Iterator[dict[str, Any]]:
        """Yield jobs, the latest submitted first, up to `most`.

        `status` are pending, in_progress, completed, failed or cancelled. `group_id` is a job group or a workflow.
        """
        filters = without_none(status=status or None, job_type=job_type, worker_id=worker_id, group_id=group_id)
        return self._items("/api/jobs", "jobs", filters, most)

    def prioritize(self, job_id: str, priority: int) -> dict[str, Any]:
        """Change the priority (1 to 100) of a waiting job, and return the job."""
        return self._send("POST", f"/api/jobs/{segment(job_id)}/priority", {"priority": priority})

    def workers(self) -> list[dict[str, Any]]:
        """Return the live workers."""
        found: list[dict[str, Any]] = self._send("GET", "/api/workers")["workers"]
        return found

    def backends(self) -> list[dict[str, Any]]:
        """Return the external back ends that answer."""
        found: list[dict[str, Any]] = self._send("GET", "/api/backends")["backends"]
        return found

    def drain(self, worker_id: str) -> dict[str, Any]:
        """Let a worker finish its jobs and take no more."""
        return self._send("POST", f"/api/workers/{segment(worker_id)}/drain")

    def dead_letters(
        self, *, job_type: str | None = None, error_code: str | None = None, most: int = 50
    ) -> Iterator[dict[str, Any]]:
        """Yield failed jobs, the latest first, up to `most`."""
        filters = without_none(job_type=job_type, error_code=error_code)
        return self._items("/api/dead-letters", "dead_letters", filters, most)

    def requeue(self, **selection: Any) -> dict[str, Any]:
        """Queue failed jobs again: `ids`, or `failed_until` (Unix ms) with or without `job_type` and `error_code`."""
        return self._send("POST", "/api/dead-letters/requeue", without_none(**selection))

    def purge(self, **selection: Any) -> dict[str, Any]:
        """Delete failed jobs, selected as by `requeue`."""
        return self._send("POST", "/api/dead-letters/purge", without_none(**selection))

    def _items(self, path: str, name: str, filters: dict[str, Any], most: int) -> Iterator[dict[str, Any]]:
        """Yield the items that the pages of a list have under `name`, up to `most`."""
        cursor: str | None = None
        while most > 0:
            params = {**filters, **without_none(cursor=cursor), "limit": min(most, MAX_PAGE)}
            page = self._send("GET", path, params=params)
            yield from page[name][:most]
            most -= len(page[name])
            cursor = page["cursor"]
            if cursor is None:
                return

    def _send(self, method: str, path: str, json: Any = None, params: Any = None) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=json, params=params)
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error
        if not response.is_success:
            raise error_of(response)
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ServiceError(f"The answer of {self.url} is not that of queue-api.", status=response.status_code)
        return body

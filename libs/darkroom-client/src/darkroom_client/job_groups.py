"""Typed client of job groups: create, read, follow and cancel."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import httpx

from darkroom_client.calls.call import TIMEOUT, segment
from darkroom_client.errors import error_of
from darkroom_client.models.socket import GroupComplete, GroupState, QueueMessage
from darkroom_client.queue_operator import find_queue
from darkroom_client.reconnecting import GIVE_UP_AFTER_S, Reconnecting
from darkroom_client.retrying import unreachable

Json = dict[str, Any]


class JobGroups:
    """Async context manager. Every call may raise a `DarkroomError`."""

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        """Take URL and token as `find_queue` does."""
        self._url, self._token = find_queue(url, token)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        self._http = httpx.AsyncClient(base_url=self._url, headers=headers, timeout=TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def create(self, *, idempotency_key: str | None = None, **request: Any) -> Json:
        """Submit a group (fields of `POST /api/job-group`) and return its `job_group_id` and children."""
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return await self._send("POST", "/api/job-group", json=request, headers=headers)

    async def get(self, group_id: str) -> Json:
        """Return the state of a group; only `completed_at` says that it is final."""
        return await self._send("GET", f"/api/job-groups/{segment(group_id)}")

    async def cancel(self, group_id: str) -> Json:
        """Cancel the children that have not ended, and return the numbers."""
        return await self._send("DELETE", f"/api/job-groups/{segment(group_id)}")

    async def follow(
        self, group_id: str, *, since: str | None = None, give_up_s: float = GIVE_UP_AFTER_S
    ) -> AsyncIterator[QueueMessage]:
        """Yield the state of a group and each end of a child once, across lost connections, up to `GroupComplete`.

        A further `GroupState` replaces what was received before: events may be missing.
        """
        transport = Reconnecting(
            self._url, f"/ws/job-groups/{segment(group_id)}", self._token, since=since, give_up_s=give_up_s
        )
        greeted = 0
        async for message in transport.messages():
            is_greeting = isinstance(message, GroupState) and greeted < transport.connections
            greeted = transport.connections
            if is_greeting and greeted > 1:
                continue  # the events since the loss follow
            yield message
            if isinstance(message, GroupComplete):
                return

    async def _send(self, method: str, path: str, **options: Any) -> Json:
        try:
            response = await self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise unreachable(self._url, error) from error
        if not response.is_success:
            raise error_of(response)
        body: Json = response.json()
        return body

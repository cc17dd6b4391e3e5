"""Typed client of queue-api's event WebSocket: submit jobs and follow events across lost connections."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from websockets.exceptions import WebSocketException

from darkroom_client.calls.call import segment
from darkroom_client.errors import InvalidRequest, NotReachable, ServiceError
from darkroom_client.models.socket import Greeting, JobAccepted, JobCancelled, JobState, QueueMessage, Refusal
from darkroom_client.queue_operator import find_queue
from darkroom_client.reconnecting import GIVE_UP_AFTER_S, Reconnecting, Ticket

BUFFERED = 1_000
ANSWER_TIMEOUT_S = 30.0
Message = dict[str, Any]
T = TypeVar("T", bound=QueueMessage)


class QueueSocket:
    """Async context manager and iterator over typed messages: each event once and in order, whatever happens between.

    With `client_id` only the jobs that it submits or subscribes to, else every event (`monitor_id` names it). Progress
    and messages about workers are live only. A `Reset` says that events may be missing. Requests that were not
    answered are sent again after a reconnect; that has no effect twice. Iterate while you send requests: up to 1,000
    messages are buffered. Iterating raises `NotAuthorised`, `NotFound` or `NotReachable`.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, *, client_id: str | None = None,
        monitor_id: str | None = None, ticket: Ticket | None = None, since: str | None = None,
        give_up_s: float = GIVE_UP_AFTER_S,
    ) -> None:  # fmt: skip
        """Take URL and token as `find_queue` does. `ticket` returns a new ticket, instead of a token."""
        url, token = find_queue(url, token)
        path = f"/ws/monitor/{segment(monitor_id)}" if monitor_id else "/ws"
        if client_id is not None:
            path = f"/ws/client/{segment(client_id)}"
        self._transport = Reconnecting(url, path, token, ticket=ticket, since=since, give_up_s=give_up_s)
        self._messages: asyncio.Queue[QueueMessage | Exception] = asyncio.Queue(BUFFERED)
        self._open: dict[str, tuple[Message, asyncio.Future[QueueMessage]]] = {}
        self._subscriptions: dict[str, Message] = {}
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    @property
    def position(self) -> str | None:
        """Id of the last event that was received, for `since`."""
        return self._transport.position

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def __aiter__(self) -> AsyncIterator[QueueMessage]:
        while True:
            item = await self._messages.get()
            if isinstance(item, Exception):
                raise item
            yield item

    async def submit(
        self, job_type: str, payload: Message, *, job_id: str | None = None, priority: int = 50, **members: Any
    ) -> JobAccepted:
        """Submit a job and return its acceptance; the socket is subscribed to the job."""
        body = {"type": "submit_job", "job_type": job_type, "payload": payload, "priority": priority, **members}
        answer = await self.request(body | {"job_id": job_id or str(uuid.uuid4())})
        return _as(JobAccepted, answer)

    async def cancel(self, job_id: str, reason: str = "cancelled by a client") -> JobCancelled:
        """Cancel a job."""
        return _as(JobCancelled, await self.request({"type": "cancel_job", "job_id": job_id, "reason": reason}))

    async def status(self, job_id: str) -> JobState:
        """Return the state of a job."""
        return _as(JobState, await self.request({"type": "request_job_status", "job_id": job_id}))

    async def subscribe(self, topics: Sequence[str], **filters: Any) -> QueueMessage:
        """Choose topics and filters (`job_types`, `worker_ids`, `priority_range`), also after a reconnect."""
        body = {"type": "subscribe", "topics": list(topics), "filters": filters}
        self._subscriptions["topics"] = body
        return await self.request(body)

    async def subscribe_job(self, job_id: str) -> QueueMessage:
        """Add a job, by its id or that of its workflow, also after a reconnect."""
        body = {"type": "subscribe_job", "job_id": job_id}
        self._subscriptions[job_id] = body
        return await self.request(body)

    async def request(self, message: Message) -> QueueMessage:
        """Send a message and return its response. Raises `InvalidRequest` for a refusal, `NotReachable` without one."""
        request_id, future = uuid.uuid4().hex, asyncio.get_running_loop().create_future()
        if self._failure is not None:
            raise self._failure
        body = message | {"id": request_id}
        self._open[request_id] = body, future
        try:
            await self._send(body)
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                answer: QueueMessage = await future
        except TimeoutError:
            raise NotReachable(f"queue-api did not answer in {ANSWER_TIMEOUT_S:.0f} s") from None
        finally:
            del self._open[request_id]
        if isinstance(answer, Refusal):
            raise InvalidRequest(answer.error, code=answer.error_code, details=answer.details)
        return answer

    async def _run(self) -> None:
        try:
            async for message in self._transport.messages(self._resume):
                if message.id is not None and str(message.id) in self._open:
                    future = self._open[str(message.id)][1]
                    if not future.done():
                        future.set_result(message)
                elif not isinstance(message, Greeting) and message.id is None:
                    await self._messages.put(message)
        except Exception as error:  # noqa: BLE001 - raised to the iterator and to requests
            self._failure = error
            for _, future in self._open.values():
                if not future.done():
                    future.set_exception(error)
            await self._messages.put(error)

    async def _resume(self) -> None:
        """Repeat subscriptions and unanswered requests on a new connection."""
        for body in (*self._subscriptions.values(), *(body for body, _ in self._open.values())):
            await self._send(body)

    async def _send(self, body: Message) -> None:
        socket = self._transport.socket
        if socket is not None:
            try:
                await socket.send(json.dumps(body))
            except WebSocketException:
                return  # it is sent again after the reconnect


def _as(kind: type[T], answer: QueueMessage) -> T:
    if not isinstance(answer, kind):
        raise ServiceError(f"The answer of queue-api is a {answer.type}.")
    return answer

"""Follows a job's stream across lost connections: where to resume, how long to pause, and when to stop."""

import json
from http import HTTPStatus

import httpx
from httpx_sse import ServerSentEvent, SSEError

from darkroom_client.calls import jobs
from darkroom_client.calls.call import Call
from darkroom_client.errors import DarkroomError, NotReachable, ServiceError, error_of
from darkroom_client.models.jobs import JobEvent

LONGEST_PAUSE_S = 5.0
LONGEST_ASKED_PAUSE_S = 60.0
FIRST_PAUSE_S = 0.25
MAX_FAILURES = 12  # in a row; with the pauses, about 45 s

CUT = (httpx.TransportError, ServiceError, SSEError)
"""Errors after which the stream is resumed on a new connection."""


class Following:
    """State of a followed stream. The clients do the input and output."""

    def __init__(self, job_id: str, last_event_id: str | None) -> None:
        self._job_id = job_id
        self._last_event_id = last_event_id
        self._failures = 0
        self.ended = False

    def call(self) -> Call[None]:
        """Return the request that continues after the last event seen."""
        return jobs.stream(self._job_id, self._last_event_id)

    def opened(self, response: httpx.Response) -> bool:
        """Whether the response contains events. 204 means that the job's end has been received already."""
        if response.status_code == HTTPStatus.NO_CONTENT:
            self.ended = True
            return False
        if not response.is_success:
            raise error_of(response)
        return True

    def event(self, sse: ServerSentEvent) -> JobEvent | None:
        """Convert an event of the stream; None for a frame without an event."""
        if not sse.data:
            return None
        self._failures = 0
        self._last_event_id = sse.id or self._last_event_id
        event = JobEvent(name=sse.event, last_event_id=self._last_event_id, data=json.loads(sse.data))
        self.ended = self.ended or bool(event.state and event.state.is_final)
        return event

    def pause_s(self, error: Exception | None) -> float:
        """Return the pause before the next connection in seconds. Raises after too many failures in a row."""
        if self._failures >= MAX_FAILURES:
            if isinstance(error, DarkroomError):
                raise error
            raise NotReachable(f"The stream of job {self._job_id} was lost and cannot be resumed.") from error
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**self._failures)
        if isinstance(error, DarkroomError) and error.retry_after is not None:
            pause = max(pause, min(error.retry_after, LONGEST_ASKED_PAUSE_S))
        self._failures += 1
        return pause

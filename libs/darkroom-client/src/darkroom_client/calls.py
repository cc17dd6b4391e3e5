"""The calls of the API and what they send; shared by the sync and the async client."""

import uuid
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import httpx

from darkroom_client.errors import NotReachable, error_of

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(30.0, connect=5.0, read=60.0)  # heartbeats come far more often
RETRY_PAUSES_S = (0.2, 1.0)
"""Every call may be repeated after a cut: a submission has its key, the others change nothing the second time."""
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True)
class Call:
    """One request, as httpx takes it."""

    method: str
    path: str
    json: Any = None
    params: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class BearerFor(httpx.Auth):
    """Sends the token to the service's own origin only: an asset may lie on another host."""

    def __init__(self, base_url: str, token: str) -> None:
        self._origin = _origin(httpx.URL(base_url))
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._token and _origin(request.url) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def submission(
    job_type: str, prompt: str, *, negative_prompt: str | None, seed: int | None, idempotency_key: str | None
) -> Call:
    """Submit a job. The key makes a repetition harmless: it answers with the first one's job."""
    metadata = {"prompt": prompt, "negative_prompt": negative_prompt, "seed": seed}
    given = {name: value for name, value in metadata.items() if value is not None}
    key = idempotency_key or str(uuid.uuid4())
    body = {"jobType": job_type, "metadata": given}
    return Call("POST", "/api/queue-job", json=body, headers={"Idempotency-Key": key})


def job(job_id: str) -> Call:
    return Call("GET", f"/api/jobs/{job_id}")


def jobs(limit: int) -> Call:
    return Call("GET", "/api/jobs", params={"limit": limit})


def cancellation(job_id: str) -> Call:
    return Call("POST", f"/api/jobs/{job_id}/cancel")


def assets(limit: int) -> Call:
    return Call("GET", "/api/assets", params={"limit": limit})


def stream(job_id: str, last_event_id: str | None) -> Call:
    resume = {"Last-Event-ID": last_event_id} if last_event_id else {}
    return Call("GET", f"/api/jobs/{job_id}/stream", headers={"Accept": EVENT_STREAM, **resume})


def unreachable(url: httpx.URL, error: httpx.TransportError) -> NotReachable:
    """Say in words that a call got no answer."""
    return NotReachable(f"{url} can't be reached: {error or type(error).__name__}")


def answer(response: httpx.Response) -> Any:
    """Return the JSON of a success, or raise what the error body says."""
    if not response.is_success:
        raise error_of(response)
    return response.json()

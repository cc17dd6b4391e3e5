"""One request and how its answer is read; shared by the sync and the async client."""

import uuid
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from darkroom_client.access import Access, Service
from darkroom_client.errors import InvalidRequest, ServiceError

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(30.0, connect=5.0, read=60.0)  # heartbeats come far more often
EVENT_STREAM = "text/event-stream"
IDEMPOTENCY_KEY = "Idempotency-Key"
MAX_KEY_CHARACTERS = 255


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request; `read` makes the result from the JSON of the answer.

    Every call may be repeated: one that creates has an Idempotency-Key, the others change nothing the second time.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    json: Any = None  # Any: JSON
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    service: Service = Service.PLATFORM

    def result(self, response: httpx.Response) -> T:
        """Read the answer of a success."""
        try:
            return self.read(response.json() if response.content else None)
        except (ValueError, KeyError, TypeError) as error:
            what = "is not JSON" if not isinstance(error, ValidationError | KeyError | TypeError) else "is incomplete"
            message = f"The answer of {response.url.copy_with(query=None)} {what}: is this address Darkroom's?"
            raise ServiceError(message, status=response.status_code) from error


class BearerFor(httpx.Auth):
    """Sends the token to the services' own origins only: an asset may lie on another host."""

    def __init__(self, access: Access) -> None:
        self._origins = {_origin(httpx.URL(url)) for url in access.urls.values()}
        self._token = access.token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._token and _origin(request.url) in self._origins:
            request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def once(key: str | None) -> dict[str, str]:
    """Return the header that makes a repetition harmless, with a fresh key if none is given."""
    if key is None:
        return {IDEMPOTENCY_KEY: str(uuid.uuid4())}
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not (key.isascii() and key.isprintable()):
        wrong = f"must be 1 to {MAX_KEY_CHARACTERS} printable ASCII characters"
        raise InvalidRequest(f"The idempotency key {wrong}.", fields={"idempotency_key": wrong})
    return {IDEMPOTENCY_KEY: key}


def given(**members: Any) -> dict[str, Any]:  # Any: JSON
    """Leave out what is None: the service decides it."""
    return {name: value for name, value in members.items() if value is not None}


def segment(text: str) -> str:
    """Write an id into a path, whatever it contains."""
    try:
        written = quote(text, safe="")
    except UnicodeEncodeError:
        written = ""
    if not written.strip("."):
        raise InvalidRequest(f"{text[:40]!r} is no id.")
    return written


def model(kind: type[M]) -> Callable[[Any], M]:
    """Return what reads an object of this model."""
    return kind.model_validate


def models(kind: type[M], items: Iterable[Any]) -> tuple[M, ...]:
    """Read a list of objects."""
    return tuple(kind.model_validate(item) for item in items)

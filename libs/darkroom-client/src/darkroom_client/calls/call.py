"""A request and the parsing of its response. Used by the sync and the async client."""

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
STREAM_TIMEOUT = httpx.Timeout(30.0, connect=5.0, read=60.0)  # the service sends heartbeats much more often
EVENT_STREAM = "text/event-stream"
IDEMPOTENCY_KEY = "Idempotency-Key"
MAX_KEY_CHARACTERS = 255


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request. `read` converts the JSON of its response to the result.

    All calls are idempotent: a call that creates something has an Idempotency-Key.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    json: Any = None  # Any: JSON
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    service: Service = Service.PLATFORM
    content: bytes | None = None
    """A body that is not JSON."""

    def result(self, response: httpx.Response) -> T:
        """Parse a successful response. Raises `ServiceError` if it is malformed."""
        try:
            return self.read(response.json() if response.content else None)
        except (ValueError, KeyError, TypeError) as error:
            what = "is not JSON" if not isinstance(error, ValidationError | KeyError | TypeError) else "is incomplete"
            message = f"The answer of {response.url.copy_with(query=None)} {what}: is this address Darkroom's?"
            raise ServiceError(message, status=response.status_code) from error


class BearerFor(httpx.Auth):
    """Sends the token to the origins of the services only, because an asset may be on another host."""

    def __init__(self, access: Access) -> None:
        self._origins = {_origin(httpx.URL(url)) for url in access.urls.values()}
        self._token = access.token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._token and _origin(request.url) in self._origins:
            request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def idempotency_header(key: str | None) -> dict[str, str]:
    """Return the Idempotency-Key header, with a random key if `key` is None."""
    if key is None:
        return {IDEMPOTENCY_KEY: str(uuid.uuid4())}
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not (key.isascii() and key.isprintable()):
        wrong = f"must be 1 to {MAX_KEY_CHARACTERS} printable ASCII characters"
        raise InvalidRequest(f"The idempotency key {wrong}.", fields={"idempotency_key": wrong})
    return {IDEMPOTENCY_KEY: key}


def without_none(**members: Any) -> dict[str, Any]:  # Any: JSON
    """Return the members that are not None. The service decides the others."""
    return {name: value for name, value in members.items() if value is not None}


def segment(text: str) -> str:
    """Escape an id for use in a path."""
    try:
        written = quote(text, safe="")
    except UnicodeEncodeError:
        written = ""
    if not written.strip("."):
        raise InvalidRequest(f"{text[:40]!r} is not an id.")
    return written


def model(kind: type[M]) -> Callable[[Any], M]:
    """Return a function that parses an object of this model."""
    return kind.model_validate


def models(kind: type[M], items: Iterable[Any]) -> tuple[M, ...]:
    """Parse a list of objects."""
    return tuple(kind.model_validate(item) for item in items)

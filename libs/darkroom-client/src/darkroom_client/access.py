"""URLs and token of a client: from arguments, the environment, or the stack that runs on this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points
from typing import Any

import httpx

from darkroom_client.errors import InvalidRequest, NotReachable

STACK_PLUGINS, CLIENT, SERVICES = "darkroom.stack", "client", "services"
"""Entry points of the installed package that runs local stacks: URL and token, and URLs of other services."""
URL, TOKEN = "DARKROOM_URL", "DARKROOM_TOKEN"


class Service(StrEnum):
    """A service with an API for clients."""

    PLATFORM = "platform-api"
    DISPATCHER = "webhook-dispatcher"
    QUEUE = "queue-api"


VARIABLES = {
    Service.PLATFORM: URL,
    Service.DISPATCHER: "DARKROOM_DISPATCHER_URL",
    Service.QUEUE: "DARKROOM_QUEUE_URL",
}
"""Environment variables of the URLs, as printed by `darkroom env`."""


@dataclass(frozen=True)
class Access:
    """The known URLs of services, and the token. `urls` may include workers."""

    urls: Mapping[str, str]
    token: str

    def url(self, service: Service) -> str:
        """Return the URL of a service. Raises `NotReachable` if it is unknown."""
        if service not in self.urls:
            raise NotReachable(f"The address of {service} is unknown: set {VARIABLES[service]}.")
        return self.urls[service]


def find_access(url: str | None = None, token: str | None = None, dispatcher_url: str | None = None) -> Access:
    """Take each value from the arguments, else the environment. Without any URL, use the running local stack."""
    given = {Service.PLATFORM: url, Service.DISPATCHER: dispatcher_url}
    urls: dict[str, str] = {}
    for service, variable in VARIABLES.items():
        if found := given.get(service) or os.environ.get(variable):
            urls[service] = _checked_url(found, service, variable)
    token = token or os.environ.get(TOKEN)
    if Service.PLATFORM not in urls:
        stack_url, stack_token = _running_stack()
        urls = {**_services_of_stack(), Service.PLATFORM: stack_url, **urls}
        token = token or stack_token
    return Access(urls, _checked_token(token or ""))


def _running_stack() -> tuple[str, str]:
    for plugin in entry_points(group=STACK_PLUGINS, name=CLIENT):
        url, token = plugin.load()()
        return url, token
    raise NotReachable(f"The address of Darkroom is unknown: set --url and --token, or {URL} and {TOKEN}.")


def _services_of_stack() -> dict[str, str]:
    for plugin in entry_points(group=STACK_PLUGINS, name=SERVICES):
        services: dict[str, str] = plugin.load()()
        return services
    return {}


def _checked_url(text: str, service: Service, variable: str) -> str:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError, TypeError):
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or set(url.host) & set("[] %"):
        raise InvalidRequest(
            f"The address of {service} ({variable}) must be like http://127.0.0.1:3001, not {str(text)[:80]!r}."
        )
    return text.rstrip("/")


def _checked_token(token: Any) -> str:  # Any: what a program passed
    """Return the token. Raises `InvalidRequest`, without quoting it, if it cannot be sent in a header."""
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise InvalidRequest(f"{TOKEN} must be an API key or a JWT: it contains invalid characters.")
    return token.strip()

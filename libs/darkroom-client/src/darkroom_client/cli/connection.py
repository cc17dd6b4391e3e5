"""Which service the program talks to: options, environment, else the stack that runs here."""

from importlib.metadata import entry_points
from typing import Annotated

import typer

from darkroom_client.client import Client
from darkroom_client.errors import NotReachable

UrlOption = Annotated[
    str | None, typer.Option("--url", envvar="DARKROOM_URL", help="platform-api (default: the stack that runs here).")
]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", envvar="DARKROOM_TOKEN", help="API key or JWT (default: the running stack's demo user)."),
]

STACK_PLUGINS, CLIENT = "darkroom.stack", "client"
"""The installed member that runs stacks on this machine tells URL and token here."""


def connect(url: str | None, token: str | None) -> Client:
    """Open a client; NotReachable if nothing says where to."""
    if url is None:
        url, of_stack = _running_stack()
        token = token or of_stack
    return Client(url, token or "")


def _running_stack() -> tuple[str, str]:
    for plugin in entry_points(group=STACK_PLUGINS, name=CLIENT):
        url, token = plugin.load()()
        return url, token
    raise NotReachable("Nothing says where Darkroom is: set --url and --token, or DARKROOM_URL and DARKROOM_TOKEN.")

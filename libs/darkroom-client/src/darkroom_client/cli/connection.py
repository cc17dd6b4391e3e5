"""The services that the program calls: from options, the environment, or the stack that runs on this machine."""

from typing import Annotated

import typer

from darkroom_client.access import TOKEN, URL, VARIABLES, Service
from darkroom_client.client import Client

UrlOption = Annotated[
    str | None, typer.Option("--url", envvar=URL, help="URL of platform-api (default: the local stack).")
]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", envvar=TOKEN, help="API key or JWT (default: the running stack's demo user)."),
]
DispatcherOption = Annotated[
    str | None,
    typer.Option(
        "--dispatcher-url",
        envvar=VARIABLES[Service.DISPATCHER],
        help="URL of webhook-dispatcher (default: the local stack).",
    ),
]


def connect(url: str | None, token: str | None, dispatcher_url: str | None = None) -> Client:
    """Open a client. Raises `NotReachable` if the address is unknown."""
    return Client(url, token, dispatcher_url=dispatcher_url)

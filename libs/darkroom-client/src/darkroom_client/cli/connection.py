"""Which service the program talks to: options, environment, else the stack that runs here."""

from typing import Annotated

import typer

from darkroom_client.access import TOKEN, URL, VARIABLES, Service
from darkroom_client.client import Client

UrlOption = Annotated[
    str | None, typer.Option("--url", envvar=URL, help="platform-api (default: the stack that runs here).")
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
        help="webhook-dispatcher (default: the stack that runs here).",
    ),
]


def connect(url: str | None, token: str | None, dispatcher_url: str | None = None) -> Client:
    """Open a client; NotReachable if nothing says where to."""
    return Client(url, token, dispatcher_url=dispatcher_url)

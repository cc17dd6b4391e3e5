"""Which service the program talks to: options, environment, else the stack that runs here."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

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

DEFAULT_STATE_DIR = ".darkroom"


def connect(url: str | None, token: str | None) -> Client:
    """Open a client; NotReachable if nothing says where to."""
    if url is None:
        stack = _running_stack()
        url, token = stack["platform_url"], token or stack["api_key"]
    return Client(url, token or "")


def _running_stack() -> dict[str, Any]:
    folder = Path(os.environ.get("DARKROOM_STATE_DIR") or DEFAULT_STATE_DIR)
    try:
        stack: dict[str, Any] = json.loads((folder / "stack.json").read_text())
    except FileNotFoundError:
        raise NotReachable(
            f"No stack runs on {folder.absolute()}: start one with `darkroom up`, or set --url and --token."
        ) from None
    return stack

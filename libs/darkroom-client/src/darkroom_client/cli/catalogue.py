"""The command `types`: the job types."""

import typer

from darkroom_client.cli.connection import TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP
from darkroom_client.cli.output import Columns, JsonOption, show_list
from darkroom_client.models.account import JobType

COLUMNS: Columns[JobType] = {
    "type": lambda known: known.name,
    "files": lambda known: known.outputs,
    "kind": lambda known: known.mime_type,
    "size": lambda known: f"{known.width}x{known.height}" if known.width else None,
    "credits": lambda known: known.price,
    "available": lambda known: known.available,
    "waiting": lambda known: known.waiting,
    "label": lambda known: known.label,
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("types", epilog=HELP)(list_types)


def list_types(as_json: JsonOption = False, url: UrlOption = None, token: TokenOption = None) -> None:
    """List the job types, with prices.

    In a pipe: name, files of each job, MIME type, size, price in credits, whether a worker is available, waiting steps,
    label.
    """
    with connect(url, token) as client:
        show_list(client.job_types.list(), COLUMNS, as_json=as_json, nothing="There are no job types.")

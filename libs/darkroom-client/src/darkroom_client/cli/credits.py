"""The command `credits`: the balance and its changes."""

from typing import Annotated

import typer

from darkroom_client.cli.connection import TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP
from darkroom_client.cli.output import Columns, JsonOption, show_list, show_one
from darkroom_client.models.account import CreditLine

COLUMNS: Columns[CreditLine] = {
    "time": lambda line: line.created_at,
    "kind": lambda line: line.kind,
    "amount": lambda line: line.amount,
    "change": lambda line: line.change,
    "balance": lambda line: line.balance,
    "job": lambda line: line.job_id,
    "note": lambda line: line.note,
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("credits", epilog=HELP)(show_credits)


def show_credits(
    statement: Annotated[bool, typer.Option("--statement", help="List the latest changes instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many changes.")] = 20,
    every: Annotated[bool, typer.Option("--all", help="List all changes.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Print your balance and the reserved credits. Operators add credits with `darkroom user credits`."""
    with connect(url, token) as client:
        if statement or every:
            lines = client.credits.all() if every else client.credits.statement(limit=limit).items
            show_list(lines, COLUMNS, as_json=as_json, nothing="There are no changes.")
        else:
            balance = client.credits.balance()
            show_one({"balance": balance.balance, "reserved": balance.reserved}, as_json=as_json)

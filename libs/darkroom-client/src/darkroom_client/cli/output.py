"""Prints lists and single items: for people on a terminal, for programs in a pipe, or as JSON.

In a pipe, each item is a line of complete values separated by tabs, without a heading. On a terminal, items are printed
as a table or, if it is too narrow, with a line per value.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from darkroom_client.cli.terminal import printable

T = TypeVar("T")
Columns = Mapping[str, Callable[[T], Any]]

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def show_list(items: Iterable[T], columns: Columns[T], *, as_json: bool, nothing: str) -> None:
    """Print items. On a terminal, an empty list prints `nothing`."""
    if as_json:
        show_json([_plain(item) for item in items])
        return
    console = Console()
    if not console.is_terminal:
        for item in items:
            typer.echo("\t".join(_text(value(item), whole=True) for value in columns.values()))
        return
    rows = [[_text(value(item), whole=False) for value in columns.values()] for item in items]
    if not rows:
        typer.echo(nothing)
    elif _fits(table := _table(list(columns), rows), console):
        console.print(table)
    else:
        _print_records(list(columns), rows)


def show_one(members: Mapping[str, Any], *, as_json: bool, item: Any = None) -> None:
    """Print one item: as JSON, or a line for each member with a value."""
    if as_json:
        show_json(_plain(members if item is None else item))
        return
    separator = ": " if Console().is_terminal else "\t"
    for name, value in members.items():
        if value is not None:
            typer.echo(f"{name}{separator}{_text(value, whole=True)}")


def show_json(value: Any) -> None:
    """Print JSON."""
    typer.echo(json.dumps(value, indent=2, default=str))


def number(value: float) -> str:
    """Format credits or seconds without an exponent, with at most three decimals."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _text(value: Any, *, whole: bool) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return number(value)
        case datetime():
            return value.isoformat() if whole else f"{value:%Y-%m-%d %H:%M}"
        case tuple() | list():
            return ",".join(_text(part, whole=whole) for part in value)
    return printable(str(value))


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(*names, box=None)
    for column in table.columns:
        column.no_wrap = True
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _fits(table: Table, console: Console) -> bool:
    unbounded = console.options.update(max_width=100_000)
    return Measurement.get(console, unbounded, table).maximum <= console.width


def _print_records(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for place, row in enumerate(rows):
        if place:
            typer.echo()
        for name, value in zip(names, row, strict=True):
            if value:
                typer.echo(f"{name}: {value}")

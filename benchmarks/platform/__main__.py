"""`make bench-platform`: platform-api beside a bare route, among many jobs, and with many readers."""

import asyncio
import shutil
from typing import Annotated

import calls
import lists
import report
import streams
import typer
from rich.console import Console
from stage import stage
from support.benchmark_page import machine

PARTS = ("requests", "lists", "streams")


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(PARTS)}. Repeatable.")] = None,
    quick: Annotated[bool, typer.Option(help="One short round, and a tenth of the jobs.")] = False,
    write: Annotated[bool, typer.Option(help="Write docs/benchmarks/platform.md.")] = False,
) -> None:
    """Measure, print the tables, and say which targets were met."""
    if shutil.which("wrk") is None:
        raise typer.BadParameter("the load comes from wrk: apt-get install wrk")
    parts = set(only or PARTS)
    if unknown := parts - set(PARTS):
        raise typer.BadParameter(f"there is no part {', '.join(sorted(unknown))}")
    streams.allow_sockets()
    console = Console(width=150)
    requests = many = followed = None
    with console.status("starting") as status:
        if "requests" in parts:
            with stage() as servers:
                rounds, seconds = (1, 3) if quick else (5, 5)
                requests = calls.measure(servers, rounds=rounds, seconds=seconds, tell=status.update)
        if "streams" in parts:
            with stage() as servers:
                followed = asyncio.run(streams.measure(servers, 5 if quick else 20, status.update))
        if "lists" in parts:
            many = lists.measure(100_000 if quick else 1_000_000, status.update)
    shown = list(report.tables(requests, many, followed))
    console.print(machine())
    report.show(console, shown)
    if write:
        report.write(shown)


if __name__ == "__main__":
    typer.run(main)

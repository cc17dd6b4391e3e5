"""`make bench-webhooks`: webhook-dispatcher beside a bare loop, at a steady rate, and beside a receiver that hangs."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import latency
import lists
import report
import retention
import throughput
import typer
from rich.console import Console
from rich.markdown import Markdown
from stage import stage


async def run(*, quick: bool, note: Callable[[str], None]) -> report.Results:
    """Measure everything, each part on servers of its own."""
    note("throughput")
    async with stage() as servers:
        rates = await throughput.measure(servers, rounds=1 if quick else 5, events=2_000 if quick else 10_000)
    note("delays")
    seconds = 3 if quick else 20
    async with stage() as servers:
        steady = await latency.steady(servers, per_second=200, seconds=seconds)
        alone, beside = await latency.beside_a_hanging_one(servers, per_second=50, seconds=seconds)
    note("lists")
    async with stage() as servers:
        pages = await lists.measure(servers, 20_000 if quick else 1_000_000)
    note("retention")
    async with stage() as servers:
        kept = await retention.measure(servers, 20_000 if quick else 1_000_000, seconds=seconds)
    return report.Results(rates, steady, alone, beside, pages, kept)


def main(
    quick: Annotated[bool, typer.Option(help="One short round, and few deliveries.")] = False,
    write: Annotated[bool, typer.Option(help="Write docs/benchmarks/webhooks.md.")] = False,
) -> None:
    """Measure, print the tables, and say which targets were met."""
    console = Console(width=130)
    with console.status("starting") as status:
        results = asyncio.run(run(quick=quick, note=status.update))
    text = report.page(results)
    console.print(Markdown(text))
    if write:
        report.DOCUMENT.write_text(text)


if __name__ == "__main__":
    typer.run(main)

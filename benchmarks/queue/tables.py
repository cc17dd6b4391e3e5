"""The tables of a run: for the terminal, and as a document."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from programs import HERE
from protocol import BULK, FLIGHT, ONE
from results import Results
from rich.console import Console
from rich.table import Table as RichTable
from targets import Target

DOCUMENT = HERE.parents[1] / "docs" / "benchmarks" / "queue.md"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title; the first column is text, the others are numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(results: Results, targets: Sequence[Target]) -> Iterator[Table]:
    """Make every table that the results have rows for."""
    rows = [(t.name, t.wanted, t.measured, "yes" if t.met else "**no**") for t in targets]
    yield Table("Targets", ("target", "wanted", "measured", "met"), rows)
    if results.throughput:
        yield from _throughput(results)
    if results.latency:
        rows2 = [(name, f"{wait.p50_ms:.2f}", f"{wait.p99_ms:.2f}", f"{results.bytes_queued[name]:,.0f}")
                 for name, wait in results.latency.items()]  # fmt: skip
        columns = ("peer", "submit→start p50 ms", "p99 ms", "bytes a queued job with 1 KiB")
        yield Table("An idle queue, and memory", columns, rows2)
    if results.notice_s:
        names = results.notice_s.keys() | results.return_s.keys()
        faults = [(name, _seconds(results.notice_s.get(name), name in results.notice_s),
                   _seconds(results.return_s.get(name), name in results.return_s))
                  for name in sorted(names, key=str.lower)]  # fmt: skip
        yield Table(
            "Faults on an idle queue", ("peer", "dead worker's job runs again", "runs after Redis is back"), faults
        )
    if results.engine is not None:
        engine = results.engine
        grid = [(f"{cost.classes:,}", f"{cost.queued:,}", f"{cost.claim_us:.0f}", f"{cost.cancel_us:.0f}")
                for cost in engine.grid]  # fmt: skip
        yield Table("Ours: Redis µs of one script call", ("classes", "queued", "claim", "cancel"), grid)
        keeps = (f"{engine.growth.steps:,}", f"{engine.growth.lasting_keys}", f"{engine.growth.bytes_each:,.0f}")
        yield Table(
            "Ours: after a drain", ("steps", "keys without an end", "bytes a step, until its record ends"), [keeps]
        )


def _throughput(results: Results) -> Iterator[Table]:
    rates, costs = [], []
    for name, peer in results.throughput.items():
        ways = [peer.enqueue.get(way) for way in (ONE, FLIGHT, BULK)]
        best = max(peer.work, key=lambda concurrency: peer.work[concurrency].rate)
        rates.append((name, *(f"{way.rate:,.0f}" if way else "—" for way in ways),
                      f"{peer.best_work.rate:,.0f}", str(best)))  # fmt: skip
        costs.append((name, *(f"{way.client:.0f} / {way.redis:.0f}" if way else "—" for way in ways),
                      f"{peer.best_work.client:.0f} / {peer.best_work.redis:.0f}",
                      f"{peer.life_us:.0f}", f"{peer.bulk_life_us:.0f}"))  # fmt: skip
    ways_named = ("one by one", "50 in flight", "bulk of 500")
    yield Table("Jobs a second, one process each", ("peer", *ways_named, "process", "at concurrency"), rates)
    columns = ("peer", *ways_named, "process", "Redis: life, 50 in flight", "life, cheapest submit")
    yield Table("CPU µs a job: client / Redis", columns, costs)


def _seconds(value: float | None, tried: bool) -> str:
    if not tried:
        return "—"
    return "not in the time waited" if value is None else f"{value:.1f} s"


def show(console: Console, shown: Sequence[Table]) -> None:
    """Print the tables."""
    for table in shown:
        rich = RichTable(title=table.title, title_justify="left")
        for number, column in enumerate(table.columns):
            rich.add_column(column, justify="right" if number else "left")
        for row in table.rows:
            rich.add_row(*(cell.replace("**no**", "[red]no[/red]") for cell in row))
        console.print(rich)


def write(shown: Sequence[Table], versions: Sequence[str]) -> None:
    """Write the document."""
    parts = [
        "# The queue engine beside its peers\n",
        "`make bench-queue BENCH=--write` measures all of this and writes this page. All peers share one server, "
        "one machine and one run; the ratios count, not the numbers. Ours runs with fairness, fencing, events and "
        "capability matching, which cannot be switched off.\n",
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}\n\n" + ", ".join(versions) + "\n",
    ]
    for table in shown:
        rule = ["---", *("---:" for _ in table.columns[1:])]
        lines = [table.columns, rule, *table.rows]
        parts.append(f"## {table.title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text("\n".join(parts))


def machine() -> str:
    """Describe the machine without naming it."""
    models = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")] if Path("/proc/cpuinfo").exists() else []  # fmt: skip
    memory = psutil.virtual_memory().total / 2**30
    return (f"{psutil.cpu_count()} cores ({models[0] if models else platform.machine()}), {memory:.0f} GiB, "
            f"{platform.system()}, Python {platform.python_version()}")  # fmt: skip

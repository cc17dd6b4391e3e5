"""The tables of a run: for the terminal, and as a document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from calls import Pair, Requests
from lists import Lists
from rich.console import Console
from rich.table import Table as RichTable
from streams import Streams
from support.benchmark_page import machine, table, verdict

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks" / "platform.md"
INTRODUCTION = """# platform-api beside a bare route

`make bench-platform BENCH=--write` measures all of this and writes this page.

- The bare route is FastAPI on the same uvicorn and event loop, with as many connections; it inserts or selects one row
  by psycopg. `POST /api/queue-job` verifies a token, counts against a rate limit, stores an Idempotency-Key, reserves
  credits, and writes job, step, history, ledger and outbox in one commit, while the relay, in its own
  process on the same two cores, submits the job to Redis.
- Jobs are those of as many users as clients, and of one user. Jobs that come together share a statement.
- Load comes from `wrk` on the same machine. Rounds take turns, and the ratios count, not the numbers.
- Before the loops had a process of their own, POST reached 0.20x, 0.35x and 0.25x with 1, 50 and 200 clients, and GET
  0.18x, 0.21x and 0.65x; with it, in the same hour, 0.19x, 0.35x, 0.56x and 0.40x, 0.75x, 1.15x (2026-11-27).
- Lists are read from three platforms in turn. Their tables are filled by SQL, as jobs of the past would have left them.
- Events for streams are appended to the log by the script that the relay uses. The delay is from the append to the last
  line of the event at its reader, in the one process that appends and reads.
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title; the first column is text, the others are numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(requests: Requests | None, lists: Lists | None, streams: Streams | None) -> Iterator[Table]:
    """Make every table that something was measured for."""
    if requests:
        rows: list[Sequence[str]] = [*_ratios("POST /api/queue-job", requests.submissions, 0.5)]
        rows += _ratios("… of one user", requests.of_one_user, 0.5)
        rows += _ratios("GET /api/jobs/{id}", requests.reads, 0.7)
        columns = (
            "",
            "clients",
            "ours /s",
            "bare /s",
            "p50 ms ours / bare",
            "p99 ms ours / bare",
            "ratio",
            "wanted",
            "met",
        )
        yield Table("Requests", columns, rows)
    if lists:
        pages = [_page(name, lists) for name in lists.few]
        heads = ("page of 50", "1,000 jobs, ms", f"{lists.jobs:,} of one user", f"{lists.jobs:,} of many users",
                   "ratios", "wanted", "met")  # fmt: skip
        yield Table("Lists", heads, pages)
    if streams:
        late = streams.at(0.99)
        row = (f"{streams.readers:,}", f"{streams.at(0.5):.1f}", f"{late:.1f}", "≤ 50 ms", verdict(late <= 50))
        yield Table("Event streams, one event a second each", ("readers", "p50 ms", "p99 ms", "wanted", "met"), [row])


def _ratios(name: str, pairs: dict[int, Pair], wanted: float) -> Iterator[Sequence[str]]:
    for clients, pair in pairs.items():
        p50, p99 = (
            " / ".join(f"{median(getattr(load, which) for load in side):.1f}" for side in (pair.ours, pair.bare))
            for which in ("p50_ms", "p99_ms")
        )
        rates = [f"{median(load.rate for load in side):,.0f}" for side in (pair.ours, pair.bare)]
        yield name, str(clients), *rates, p50, p99, f"{pair.ratio:.2f}x", f"≥ {wanted}x", verdict(pair.ratio >= wanted)


def _page(name: str, lists: Lists) -> Sequence[str]:
    few, many = lists.few[name], (lists.one_user[name], lists.many_users[name])
    ratios = [time / few for time in many]
    shown = [f"{time:.1f}" for time in (few, *many)]
    return name, *shown, " / ".join(f"{ratio:.2f}x" for ratio in ratios), "≤ 1.5x", verdict(max(ratios) <= 1.5)


def show(console: Console, shown: Sequence[Table]) -> None:
    """Print the tables."""
    for one in shown:
        rich = RichTable(title=one.title, title_justify="left")
        for number, column in enumerate(one.columns):
            rich.add_column(column, justify="right" if number else "left")
        for row in one.rows:
            rich.add_row(*(cell.replace("**no**", "[red]no[/red]") for cell in row))
        console.print(rich)


def write(shown: Sequence[Table]) -> None:
    """Write the document."""
    parts = [INTRODUCTION, f"{datetime.now(UTC):%Y-%m-%d}, {machine()}\n"]
    for one in shown:
        parts.append(f"## {one.title}\n\n" + "\n".join(table(one.columns, one.rows)) + "\n")
    DOCUMENT.parent.mkdir(parents=True, exist_ok=True)
    DOCUMENT.write_text("\n".join(parts))

"""The page of a run."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from latency import QUEUED, Delays
from lists import Lists
from retention import Retention
from support.benchmark_page import dated, table, verdict
from throughput import Throughput

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks" / "webhooks.md"
_INTRODUCTION = """# webhook-dispatcher

`make bench-webhooks BENCH=--write` measures all of this and writes this page.

- One dispatcher process as it ships reads events from the log, stores a message and a delivery for each in PostgreSQL,
  signs and posts it, and records the attempt. The peer is an aiohttp loop in a process of its own that only signs and
  posts bodies of the same size, with as many requests in flight. Both keep connections open, post to the same receiver,
  and take turns; the ratios count, not the numbers.
- PostgreSQL, Valkey, the receiver and the emitter of the events share the cores with the dispatcher.
- A delay is the time from the call that appends an event to the log until its complete request was received.
"""


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that a run measured."""

    throughput: Throughput
    steady: Delays
    alone: Delays
    beside: Delays
    lists: Lists
    retention: Retention


def page(results: Results) -> str:
    """Return the page as Markdown."""
    return "\n".join([
        _INTRODUCTION,
        dated(),
        "",
        *_throughput(results.throughput),
        "",
        *_delays(results),
        "",
        *_lists(results.lists),
        "",
        *_retention(results.retention),
        "",
    ])  # fmt: skip


def _throughput(found: Throughput) -> list[str]:
    rate = median(found.ours.rates)
    rows = [
        ("dispatcher", f"{rate:,.0f}", f"{1e6 * median(found.ours.cpu_s) / found.events:.0f}", "≥ 1,000 /s",
         verdict(rate >= 1000)),
        ("bare loop", f"{median(found.bare.rates):,.0f}", f"{1e6 * median(found.bare.cpu_s) / found.events:.0f}",
         "", ""),
        ("ratio", f"{found.ratio:.2f}x", "", "≥ 0.25x", verdict(found.ratio >= 0.25)),
    ]  # fmt: skip
    return table((f"{found.events:,} events", "a second", "its CPU µs an event", "wanted", "met"), rows)


def _delays(results: Results) -> list[str]:
    steady, ratio = results.steady, results.beside.at(0.99) / results.alone.at(0.99)
    rows = [
        ("200 events a second", f"{steady.at(0.5):.0f} ms", f"{steady.at(0.99):.0f} ms", "≤ 30 ms, ≤ 250 ms",
         verdict(steady.at(0.5) <= 30 and steady.at(0.99) <= 250)),
        ("50 events a second", f"{results.alone.at(0.5):.0f} ms", f"{results.alone.at(0.99):.0f} ms", "", ""),
        (f"the same beside an endpoint that hangs, with {QUEUED:,} queued", f"{results.beside.at(0.5):.0f} ms",
         f"{results.beside.at(0.99):.0f} ms ({ratio:.2f}x)", "p99 ≤ 2x", verdict(ratio <= 2)),
    ]  # fmt: skip
    return table(("first attempt after", "p50", "p99", "wanted", "met"), rows)


def _lists(found: Lists) -> list[str]:
    rows = [
        (name, f"{found.few[name]:.1f}", f"{found.many[name]:.1f}", f"{found.many[name] / found.few[name]:.2f}x",
         "≤ 1.5x", verdict(found.many[name] <= 1.5 * found.few[name]))
        for name in found.few
    ]  # fmt: skip
    heads = ("page of 50 deliveries", "of 1,000, ms", f"of {found.rows:,}, ms", "ratio", "wanted", "met")
    return table(heads, rows)


def _retention(found: Retention) -> list[str]:
    rows = [
        ("50 events a second", "", f"{found.alone.at(0.5):.0f} ms", f"{found.alone.at(0.99):.0f} ms"),
        (
            f"the same while {found.rows:,} old deliveries are deleted",
            f"{found.per_second:,.0f} /s",
            f"{found.beside.at(0.5):.0f} ms",
            f"{found.beside.at(0.99):.0f} ms",
        ),
    ]
    return table(("first attempt after", "deleted", "p50", "p99"), rows)

"""What the pages of benchmarks have in common: tables in Markdown, verdicts, and the machine."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime

import psutil


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table. The first column is text, the others are numbers."""
    lines = [heads, ("---", *("---:" for _ in heads[1:])), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def verdict(met: bool) -> str:
    """Return whether a target was met."""
    return "yes" if met else "**no**"


def machine() -> str:
    """Describe the machine without naming it."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{psutil.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, Python {platform.python_version()}"


def dated() -> str:
    """Return the day, and the machine."""
    return f"{datetime.now(UTC):%Y-%m-%d}. {machine()}"

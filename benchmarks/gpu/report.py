"""The results of a run as JSON, in the terminal, and as a page of the documentation."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from gpu_worker.runtime.gpu_software import gpu_software
from results import Figure, Result, Status, summary
from rich.console import Console
from rich.table import Table

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks" / "gpu.md"
START, END = "<!-- results: written by make bench-gpu -->", "<!-- end of results -->"
_MARKS = {Status.OK: "yes", Status.FAILED: "**no**", Status.SKIPPED: "skipped"}


def machine(device: str) -> dict[str, Any]:
    """Describe the device and the software, without the machine's name."""
    facts: dict[str, Any] = {
        "device": f"{os.cpu_count()} cores ({platform.machine()})",
        **{name: version(name) for name in ("torch", "diffusers", "transformers")},
        "load": round(os.getloadavg()[0], 1),
    }
    if device == "cuda":
        properties = torch.cuda.get_device_properties(0)
        facts |= {"device": properties.name, "memory_bytes": properties.total_memory}
        facts |= {name: value for name, value in gpu_software().model_dump().items() if value is not None}
    return facts


def to_json(results: Sequence[Result], facts: dict[str, Any], random_weights: Sequence[str]) -> str:
    """Return everything that was measured."""
    content = {
        "machine": facts,
        "random_weights": list(random_weights),
        "summary": summary(results),
        "checks": [result.as_json() for result in results],
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def show(console: Console, result: Result) -> None:
    """Print one check."""
    table = Table(title=f"{result.name}: {result.status.value} ({result.seconds:g} s)", title_justify="left")
    for column in ("", "value", "wanted", "met"):
        table.add_column(column)
    for figure in result.figures:
        table.add_row(figure.name, _value(figure), figure.wanted, _mark(figure))
    console.print(table)
    if result.error:
        console.print(f"[red]{result.error}[/red]")


def write_page(results: Sequence[Result], facts: dict[str, Any], random_weights: Sequence[str]) -> None:
    """Replace the results of the page."""
    where = f"{facts['device']}, driver {facts.get('driver', '?')}, torch {facts['torch']}"
    parts = [
        START,
        f"\n{datetime.now(UTC):%Y-%m-%d}, {facts['device']}, {_facts(facts)}. "
        f"Random weights: {', '.join(random_weights) or 'none'}.\n",
    ]
    for result in results:
        parts.append(f"### {result.name}\n\n{result.seconds:g} s.{f' Error: {result.error}' if result.error else ''}\n")
        if result.figures:
            parts += ["| | value | wanted | met | on |", "|---|---:|---:|---|---|"]
            parts += [
                f"| {_cell(figure.name)} | {_cell(_value(figure))} | {figure.wanted} | {_mark(figure)} | {where} |"
                for figure in result.figures
            ]
            parts.append("")
    page = DOCUMENT.read_text()
    before, _, rest = page.partition(START)
    written = "\n".join(parts)
    DOCUMENT.write_text(f"{before}{written}\n{END}{rest.partition(END)[2]}")


def _facts(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items() if name != "device")


def _value(figure: Figure) -> str:
    shown = "" if figure.value is None else f"{figure.value} {figure.unit}".strip()
    return f"{shown} ({figure.note})" if figure.note and shown else shown or figure.note


def _mark(figure: Figure) -> str:
    return _MARKS[figure.status] if figure.wanted or figure.status is not Status.OK else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

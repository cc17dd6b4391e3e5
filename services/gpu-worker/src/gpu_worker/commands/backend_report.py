"""Prints what the back ends answered, for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gpu_worker.domain.memory.plan import GIGABYTE
from gpu_worker.wiring.backend_check import BackendReport

_SHOWN = 5


def print_backends(reports: Sequence[BackendReport]) -> None:
    """Print a table of the back ends, and what is wrong with each that is not usable."""
    console = Console()
    table = Table("back end", "address", "serves", "version", "models", "custom nodes", "VRAM free", "queue")
    for report in reports:
        names = report.id if report.alias is None else f"{report.id}\nalias {report.alias}"
        if report.problem is not None:
            table.add_row(names, report.url or "-", "[red]nothing[/]")
            continue
        depth = "-" if report.queue_depth is None else str(report.queue_depth)
        table.add_row(
            names, report.url or "-", "\n".join(report.types), report.version or "-", _names(report.models),
            _names(report.custom_nodes), _memory(report), depth,
        )  # fmt: skip
    console.print(table)
    for report in reports:
        if report.problem is not None:
            console.print(f"[red]{escape(report.id)} takes no steps:[/] {escape(report.problem)}")
        if report.missing_models:
            missing = escape(", ".join(report.missing_models))
            console.print(f"[yellow]{escape(report.id)} does not have models that its entry allows:[/] {missing}")
        if report.hidden_models:
            console.print(f"{escape(report.id)}: {report.hidden_models} more models that its entry does not allow")


def _names(names: Sequence[str]) -> str:
    more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return escape("\n".join([*names[:_SHOWN], *more])) or "-"


def _memory(report: BackendReport) -> str:
    if report.vram_bytes is None:
        return "-"
    free = "?" if report.free_vram_bytes is None else f"{report.free_vram_bytes / GIGABYTE:.1f}"
    return f"{free} of {report.vram_bytes / GIGABYTE:.1f} GB"

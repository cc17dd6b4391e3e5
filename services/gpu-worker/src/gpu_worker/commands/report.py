"""Prints the report of `darkroom worker check` for people."""

from rich.console import Console
from rich.table import Table

from gpu_worker.machine.check import GIGABYTE, CheckReport, ModelNeed

_PLACES = {
    "hub": "https://huggingface.co/{}",
    "folder": "folder {}",
    "file": "file {}",
    "built": "built here ({})",
}


def print_report(report: CheckReport) -> None:
    """Print the models, the machine, notes and problems, and the result."""
    console = Console()
    console.print(f"Profile [bold]{report.profile}[/]: {report.note}")
    table = Table("model", "source", "disk", "to download", "GPU memory", "peak GPU memory")
    for model in report.models:
        table.add_row(
            model.name,
            _place(model),
            _size(model.disk_bytes),
            "nothing" if model.missing_bytes == 0 else _size(model.missing_bytes),
            _size(model.memory_bytes),
            _size(model.peak_bytes),
        )
    console.print(table)
    machine = report.machine
    cards = ", ".join(f"{gpu.name} ({_size(gpu.memory_bytes)})" for gpu in machine.gpus) or "none found"
    console.print(f"GPU: {cards}; main memory: {_size(machine.ram_bytes)}")
    console.print(f"Disk: {_size(machine.free_disk_bytes)} free at {machine.disk}")
    console.print(
        "Packages: " + ", ".join(f"{name} {version or 'missing'}" for name, version in machine.packages.items())
    )
    for line in report.advice:
        console.print(f"[yellow]Note:[/] {line}")
    for line in report.problems:
        console.print(f"[red]Problem:[/] {line}")
    console.print("[green]A worker of this profile runs here.[/]" if report.runs else "[red]It can't run here.[/]")


def _place(model: ModelNeed) -> str:
    place = _PLACES[model.comes_by].format(model.source)
    if model.revision is not None:
        place += f" @ {model.revision}"
    return place if model.vae is None else f"{place}\nVAE: {model.vae}"


def _size(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB" if size >= GIGABYTE / 10 else f"{size / 1_000_000:.0f} MB"

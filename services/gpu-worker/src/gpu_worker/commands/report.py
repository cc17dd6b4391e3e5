"""Prints the report of `darkroom worker check` for people."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gpu_worker.domain.memory.plan import GIGABYTE
from gpu_worker.machine.check import CheckReport, DeviceReport, ModelNeed, TypeVerdict

_PLACES = {
    "hub": "https://huggingface.co/{}",
    "folder": "folder {}",
    "file": "file {}",
    "built": "built here ({})",
}
_PLACEMENTS = {
    "resident": "resident",
    "text_out": "text encoder leaves",
    "offloaded": "offloaded",
    "text_streamed": "text encoder streams",
}


def print_report(report: CheckReport) -> None:
    """Print the models, the machine, each device's job types, notes and problems, and the result."""
    console = Console()
    console.print(f"Profile [bold]{report.profile}[/]: {report.note}")
    console.print(_models(report))
    machine = report.machine
    cards = ", ".join(f"{gpu.name} ({_size(gpu.memory_bytes)})" for gpu in machine.gpus) or "none found"
    console.print(f"GPU: {cards}; main memory: {_size(machine.ram_bytes)}")
    console.print(f"Disk: {_size(machine.free_disk_bytes)} free at {machine.disk}")
    console.print(
        "Packages: " + ", ".join(f"{name} {version or 'missing'}" for name, version in machine.packages.items())
    )
    for device in report.devices:
        console.print(_types(device))
    for name, fault in report.faults.items():
        console.print(f"[red]{name} cannot be loaded:[/] {escape(fault)}")
    for line in report.advice:
        console.print(f"[yellow]Note:[/] {line}")
    for line in report.problems:
        console.print(f"[red]Problem:[/] {line}")
    console.print("[green]A worker of this profile runs here.[/]" if report.runs else "[red]It can't run here.[/]")


def _models(report: CheckReport) -> Table:
    table = Table("model", "source", "disk", "to download", "weights")
    for model in report.models:
        table.add_row(
            model.name,
            _place(model),
            _size(model.disk_bytes),
            "nothing" if model.missing_bytes == 0 else _size(model.missing_bytes),
            _size(model.memory_bytes),
        )
    return table


def _types(device: DeviceReport) -> Table:
    table = Table(
        "job type", "how", "peak memory", "main memory", "queue",
        title=f"{device.name}: {_size(device.usable_bytes)} usable of {_size(device.total_bytes)}",
    )  # fmt: skip
    for verdict in device.types:
        table.add_row(
            verdict.job_type,
            _how(verdict),
            _size(verdict.peak_bytes),
            _size(verdict.ram_bytes) if verdict.is_admitted else "-",
            "gives it" if verdict.is_admitted else "never gives it",
        )
    return table


def _how(verdict: TypeVerdict) -> str:
    if not verdict.is_admitted:
        return f"refused: {verdict.reason}"
    parts = [_PLACEMENTS[str(verdict.placement)]]
    if verdict.tiled:
        parts.append("decoded in tiles")
    if verdict.batch != verdict.batch_ordered:
        parts.append(f"{verdict.batch} of {verdict.batch_ordered} images at once")
    return ", ".join(parts)


def _place(model: ModelNeed) -> str:
    place = _PLACES[model.comes_by].format(model.source)
    if model.revision is not None:
        place += f" @ {model.revision}"
    return place if model.vae is None else f"{place}\nVAE: {model.vae}"


def _size(size: int) -> str:
    return f"{size / GIGABYTE:.1f} GB" if size >= GIGABYTE / 10 else f"{size / 1_000_000:.0f} MB"

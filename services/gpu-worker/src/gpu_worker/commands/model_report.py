"""Prints the models of this machine, and the progress of their downloads, for people."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from gpu_worker.models.transfer import Report, Transfer
from gpu_worker.wiring.model_store import DescribedModel


def print_models(models: Sequence[DescribedModel]) -> None:
    """Print a table of the models, and why some cannot be loaded."""
    console = Console()
    table = Table("model", "family", "source", "on disk", "to come", "state")
    for model in models:
        table.add_row(
            model.name,
            model.family,
            escape(model.source),
            f"{model.disk_bytes / 1e9:.2f} GB",
            f"{model.missing_bytes / 1e9:.2f} GB",
            model.state,
        )
    console.print(table)
    for model in models:
        if model.reason:
            console.print(f"[red]{model.name} cannot be loaded:[/] {escape(model.reason)}")


@contextmanager
def show_progress(name: str) -> Iterator[Report]:
    """Show bars of the file in progress and of the whole model."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        whole = progress.add_task(escape(name), total=None)
        file = progress.add_task("", total=None)

        def report(transfer: Transfer) -> None:
            progress.update(whole, completed=transfer.done, total=transfer.total)
            description = escape(transfer.file[-40:])
            progress.update(file, description=description, completed=transfer.file_done, total=transfer.file_total)

        yield report

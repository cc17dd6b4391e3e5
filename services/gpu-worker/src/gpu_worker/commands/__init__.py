"""`darkroom worker …`: the operator's commands of this service."""

import typer

from gpu_worker.commands.check import check
from gpu_worker.commands.footprints import footprints


def register(app: typer.Typer) -> None:
    """Add the commands to the `darkroom` program."""
    worker = typer.Typer(help="GPU workers.", no_args_is_help=True)
    worker.callback()(_worker)
    worker.command("check")(check)
    worker.command("footprints")(footprints)
    app.add_typer(worker, name="worker")


def _worker() -> None:
    """Inspect GPU workers."""

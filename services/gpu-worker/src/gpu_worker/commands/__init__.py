"""`darkroom worker …` and `darkroom models …`: the operator's commands of this service."""

import typer

from gpu_worker.commands.backends import serve_backends
from gpu_worker.commands.check import check
from gpu_worker.commands.footprints import footprints
from gpu_worker.commands.models import register_models


def register(app: typer.Typer) -> None:
    """Add the commands to the `darkroom` program."""
    worker = typer.Typer(help="GPU workers.")
    worker.callback(invoke_without_command=True)(serve_backends)
    worker.command("check")(check)
    worker.command("footprints")(footprints)
    register_models(worker)
    app.add_typer(worker, name="worker")
    register_models(app)

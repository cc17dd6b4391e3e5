"""`darkroom worker check`: what a profile needs of this machine."""

from pathlib import Path
from typing import Annotated

import typer


def check(
    profile: Annotated[str | None, typer.Option(help="tiny or full; by default GPU_WORKER_PROFILE.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    models_dir: Annotated[Path | None, typer.Option(help="By default GPU_WORKER_MODELS_DIR.")] = None,
    load: Annotated[
        bool, typer.Option("--load", help="Then load every model in a GPU process, downloading what is missing.")
    ] = False,
) -> None:
    """Report what a worker would download, and how each job type would run on each device of this machine.

    The answers are those of the planner that the worker itself asks. Exits 1 if no job type runs here.
    """
    import asyncio

    from gpu_worker.models.profile_loader import RegistryError
    from gpu_worker.wiring.check import make_report
    from gpu_worker.wiring.load_check import load_models

    try:
        report = make_report(profile, models_dir)
        if load and report.runs:
            problems = asyncio.run(load_models(profile, models_dir))
            report = report.model_copy(update={"problems": (*report.problems, *problems)})
    except RegistryError as error:
        raise SystemExit(str(error)) from None
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        from gpu_worker.commands.report import print_report

        print_report(report)
    raise typer.Exit(0 if report.runs else 1)

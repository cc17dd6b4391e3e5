"""`darkroom worker check`: what a profile needs of this machine, and what the back ends answer."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gpu_worker.commands.backends import Backends, BackendsFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gpu_worker.machine.check import CheckReport
    from gpu_worker.wiring.backend_check import BackendReport


def check(
    profile: Annotated[str | None, typer.Option(help="tiny or full; by default GPU_WORKER_PROFILE.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    models_dir: Annotated[Path | None, typer.Option(help="By default GPU_WORKER_MODELS_DIR.")] = None,
    load: Annotated[
        bool, typer.Option("--load", help="Then load every model in a GPU process, downloading what is missing.")
    ] = False,
    backend: Backends = None,
    backends_file: BackendsFile = None,
) -> None:
    """Report what a worker would download, how each job type would run on each device, and what back ends offer.

    The answers are those of the planner that the worker itself asks. With --backend or --backends-file, only back ends
    are asked. Exits 1 if no job type runs here, or if a back end takes no steps.
    """
    from gpu_worker.backends.backend_list import BackendListError
    from gpu_worker.models.profile_loader import RegistryError

    only_backends = bool(backend) or backends_file is not None
    try:
        report = None if only_backends else _check_profile(profile, models_dir, load=load)
        backends = _check_backends(backend, backends_file)
    except (RegistryError, BackendListError) as error:
        raise SystemExit(str(error)) from None
    if as_json:
        content = {} if report is None else report.model_dump(mode="json")
        content["backends"] = [found.model_dump(mode="json") for found in backends]
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        _print(report, backends)
    is_usable = (report is None or report.runs) and all(found.problem is None for found in backends)
    raise typer.Exit(0 if is_usable else 1)


def _check_profile(profile: str | None, models_dir: Path | None, *, load: bool) -> "CheckReport":
    import asyncio

    from gpu_worker.wiring.check import make_report
    from gpu_worker.wiring.load_check import load_models

    report = make_report(profile, models_dir)
    if load and report.runs:
        problems = asyncio.run(load_models(profile, models_dir))
        report = report.model_copy(update={"problems": (*report.problems, *problems)})
    return report


def _check_backends(short: list[str] | None, path: Path | None) -> "Sequence[BackendReport]":
    import asyncio

    from gpu_worker.backends.backend_list import read_backends
    from gpu_worker.settings import BackendSettings
    from gpu_worker.wiring.backend_check import check_backends

    if not short and path is None:
        settings = BackendSettings.load()
        short, path = list(settings.backends), settings.backends_file
    listed = read_backends(path, short or ())
    return asyncio.run(check_backends(listed)) if listed.backends else ()


def _print(report: "CheckReport | None", backends: "Sequence[BackendReport]") -> None:
    from gpu_worker.commands.backend_report import print_backends
    from gpu_worker.commands.report import print_report

    if report is not None:
        print_report(report)
    if backends:
        print_backends(backends)

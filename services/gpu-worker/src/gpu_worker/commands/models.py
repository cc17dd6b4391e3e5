"""`darkroom models …`: the models of a worker on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

Names = Annotated[list[str], typer.Argument(help="Models of the profile, or `all`.", metavar="NAME…")]
Profile_ = Annotated[str | None, typer.Option("--profile", help="tiny or full; by default GPU_WORKER_PROFILE.")]
ModelsDir = Annotated[Path | None, typer.Option("--models-dir", help="By default GPU_WORKER_MODELS_DIR.")]


def register_models(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Models of GPU workers on this machine.", no_args_is_help=True)
    group.command("list")(list_models)
    group.command("pull")(pull)
    group.command("verify")(verify)
    group.command("remove")(remove)
    app.add_typer(group, name="models")


def list_models(
    profile: Profile_ = None,
    models_dir: ModelsDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the models of a profile: source, size on disk, and whether a worker can load them."""
    from gpu_worker.wiring.model_store import describe_models, open_store

    with _errors():
        described = describe_models(open_store(profile, models_dir))
    if as_json:
        import json

        typer.echo(json.dumps([model.model_dump(mode="json") for model in described], indent=2))
        return
    from gpu_worker.commands.model_report import print_models

    print_models(described)


def pull(names: Names, profile: Profile_ = None, models_dir: ModelsDir = None) -> None:
    """Download models, and continue interrupted downloads. Exits 1 if one of them cannot be had."""
    from gpu_worker.commands.model_report import show_progress
    from gpu_worker.domain.failures import Failure
    from gpu_worker.wiring.model_store import open_store

    with _errors():
        store = open_store(profile, models_dir)
        chosen = store.choose(names)
    failed = False
    for name in chosen:
        if not store.is_downloaded(name):
            typer.echo(f"{name}: built by the worker when it starts")
            continue
        try:
            with show_progress(name) as report:
                files = store.pull(name, report)
        except Failure as failure:
            typer.echo(f"{name}: {failure.message}", err=True)
            failed = True
        else:
            typer.echo(f"{name}: ready at {files.path}")
    raise typer.Exit(1 if failed else 0)


def verify(names: Names, profile: Profile_ = None, models_dir: ModelsDir = None) -> None:
    """Read all files of models and compare them with their digests. Exits 1 if one is damaged."""
    from gpu_worker.wiring.model_store import open_store

    with _errors():
        store = open_store(profile, models_dir)
        chosen = store.choose(names)
    found = False
    for name in chosen:
        damaged = store.verify(name)
        for damage in damaged:
            typer.echo(f"{name}: {damage.path}: {damage.reason}", err=True)
        found = found or bool(damaged)
        if not damaged:
            typer.echo(f"{name}: {store.state(name)}")
    raise typer.Exit(1 if found else 0)


def remove(
    names: Names,
    profile: Profile_ = None,
    models_dir: ModelsDir = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the downloads of models from this machine. Repositories that other models use stay."""
    from gpu_worker.models.storage import NotRemovable
    from gpu_worker.wiring.model_store import open_store

    with _errors():
        store = open_store(profile, models_dir)
        chosen = store.choose(names)
    failed = False
    for name in chosen:
        size = f"{store.stored_bytes(name) / 1e9:.2f} GB"
        if not yes and not typer.confirm(f"Remove {name} ({size})?"):
            continue
        try:
            freed = store.remove(name)
        except NotRemovable as problem:
            typer.echo(str(problem), err=True)
            failed = True
        else:
            typer.echo(f"{name}: {freed / 1e9:.2f} GB freed")
    raise typer.Exit(1 if failed else 0)


@contextmanager
def _errors() -> Iterator[None]:
    """End the program with a sentence if the settings or the names are not usable."""
    from gpu_worker.models.profile_loader import RegistryError

    try:
        yield
    except RegistryError as error:
        raise SystemExit(str(error)) from None

"""`darkroom worker --backend …`: a worker for external back ends, added to a running stack."""

import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

_STACK_PLUGINS, _WORKER = "darkroom.stack", "worker"
"""Entry point of the package that runs local stacks; returns the settings of a worker that is added to one."""
_NEEDED = ("REDIS_URL", "OBJECT_STORE_URL")

Backends = Annotated[
    list[str] | None,
    typer.Option("--backend", metavar="TYPE=URL", help="Serve a back end, such as comfyui=http://127.0.0.1:8188."),
]
BackendsFile = Annotated[
    Path | None, typer.Option(help="YAML list of back ends and credentials; by default GPU_WORKER_BACKENDS_FILE.")
]


def serve_backends(
    context: typer.Context,
    backend: Backends = None,
    backends_file: BackendsFile = None,
    worker_id: Annotated[str | None, typer.Option("--id", help="Id in the registry; by default host and pid.")] = None,
) -> None:
    """Inspect GPU workers, or serve the back ends that you run already until Ctrl-C.

    The queue and the object store are those of REDIS_URL and OBJECT_STORE_URL, or of the running stack.
    """
    if context.invoked_subcommand is not None:
        return
    if not backend and backends_file is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    os.environ.update(_stack_settings())
    os.environ["GPU_WORKER_CONNECTORS"] = "none"
    os.environ["GPU_WORKER_BACKENDS"] = ",".join(backend or ())
    os.environ.setdefault("GPU_WORKER_PORT", "0")
    os.environ.setdefault("LOG_FORMAT", "console")
    if backends_file is not None:
        os.environ["GPU_WORKER_BACKENDS_FILE"] = str(backends_file)
    if worker_id is not None:
        os.environ["GPU_WORKER_ID"] = worker_id
    from gpu_worker.commands.serve import main

    main()


def _stack_settings() -> dict[str, str]:
    """Return the addresses that the environment lacks; raises NotReachable if no stack is running."""
    if all(os.environ.get(name) for name in _NEEDED):
        return {}
    for plugin in entry_points(group=_STACK_PLUGINS, name=_WORKER):
        offered = plugin.load()()
        return {name: offered[name] for name in _NEEDED if name in offered and not os.environ.get(name)}
    return {}

"""The commands of the one-machine stack: up, down, env, demo. Heavy imports wait until a command runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from darkroom_local.state import StateDir

StateDirOption = Annotated[
    Path | None,
    typer.Option("--state-dir", help="Folder for all state (default: $DARKROOM_STATE_DIR, else ./.darkroom)."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the `darkroom` program."""
    app.command()(up)
    app.command()(down)
    app.command("env")(show_env)
    app.command()(demo)


def up(
    state_dir: StateDirOption = None,
    workers: Annotated[int, typer.Option(min=0, max=64, help="Number of gpu-workers.")] = 1,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="The same as --workers 0.")] = False,
    profile: Annotated[
        str | None, typer.Option(help="Models of the workers: tiny (noise, any machine) or full (needs a GPU).")
    ] = None,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Listen on any free ports.")] = False,
    platform_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of platform-api.")] = None,
    queue_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of queue-api.")] = None,
    dispatcher_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of webhook-dispatcher.")] = None,
    worker_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the first gpu-worker.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return once it is ready, and leave it running.")] = False,
) -> None:
    """Run all of Darkroom on this machine until Ctrl-C.

    Without options, ports come from PLATFORM_API_PORT (3001), QUEUE_API_PORT (9820), WEBHOOK_DISPATCHER_PORT (3002) and
    GPU_WORKER_PORT (3003). REDIS_URL and DATABASE_URL replace the embedded servers. Settings are read from ./.env, too.
    """
    import asyncio
    import os

    from darkroom_local.background import start_detached
    from darkroom_local.console import Console
    from darkroom_local.environment import user_environment
    from darkroom_local.private_files import UMASK
    from darkroom_local.stack import Stack, StackOptions

    options = StackOptions(workers=0 if no_worker else workers, profile=profile, free_ports=free_ports)
    ports = {
        "PLATFORM_API_PORT": platform_port,
        "QUEUE_API_PORT": queue_port,
        "WEBHOOK_DISPATCHER_PORT": dispatcher_port,
        "GPU_WORKER_PORT": worker_port,
    }
    with _chosen(state_dir) as state:
        env = user_environment() | {variable: str(port) for variable, port in ports.items() if port is not None}
        os.umask(UMASK)
        if detach:
            start_detached(state, options.as_arguments(), env)
            typer.echo(f"Darkroom is ready at {state.running().platform_url}; stop it with `darkroom down`.")
            return
        with state.lock():
            stack = Stack(state, options, env, Console())
            code = asyncio.run(stack.run())
    raise typer.Exit(code)


def down(state_dir: StateDirOption = None) -> None:
    """Stop the stack that runs on the state folder, and wait until it has."""
    from darkroom_local.background import stop_running

    with _chosen(state_dir) as state:
        stopped = stop_running(state)
        typer.echo("Darkroom has stopped." if stopped else f"No stack runs on {state.path}.")


def show_env(
    state_dir: StateDirOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    export: Annotated[bool, typer.Option("--export", help="Print shell lines for `eval`.")] = False,
) -> None:
    """Print what a program needs to talk to the running stack; exit code 1 if none runs."""
    import json

    from darkroom_local.access import access_to, as_shell_lines

    with _chosen(state_dir) as state:
        access = access_to(state)
    if export:
        typer.echo(as_shell_lines(access))
    elif as_json:
        typer.echo(json.dumps(access, indent=2))
    else:
        typer.echo("\n".join(f"{key:<15} {value}" for key, value in access.items()))


def demo(
    state_dir: StateDirOption = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the files.")] = Path("darkroom-output"),
) -> None:
    """Make six pictures, a video and an enhanced prompt, and open them to see that they are right.

    Uses the stack that runs on the state folder, else starts one of its own and stops it afterwards.
    """
    import httpx
    from darkroom_client.errors import DarkroomError
    from rich.console import Console

    from darkroom_local.demo.command import run_demo

    with _chosen(state_dir) as state:
        try:
            run_demo(state, output, Console())
        except (DarkroomError, httpx.HTTPError) as error:
            _fail(f"The demo failed. {error}")


@contextmanager
def _chosen(option: Path | None) -> Iterator["StateDir"]:
    """Give the state folder; what goes wrong with it or its stack ends the command with one sentence and code 1."""
    from darkroom_local.errors import StackError
    from darkroom_local.refusals import in_words
    from darkroom_local.state import StateDir

    state = None
    try:
        state = StateDir.chosen(option)
        yield state
    except StackError as error:
        _fail(str(error))
    except OSError as error:
        _fail(in_words(error, state.path if state else None))


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)

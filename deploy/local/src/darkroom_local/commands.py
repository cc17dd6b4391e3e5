"""The commands of the local stack: up, down, env, ui, logs, demo. Each imports what it needs when it runs."""

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
StackOption = Annotated[
    Path | None,
    typer.Option("--state-dir", help="Its state folder (default: $DARKROOM_STATE_DIR, else the one that runs)."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the `darkroom` program."""
    app.command()(up)
    app.command()(down)
    app.command("env")(show_env)
    app.command()(ui)
    app.command("redis-users")(redis_users)
    app.command()(logs)
    app.command()(demo)


def up(
    state_dir: StateDirOption = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, max=64, help="Number of gpu-workers; by default one for each GPU."),
    ] = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="The same as --workers 0.")] = False,
    profile: Annotated[
        str | None,
        typer.Option(help="Models of the workers: mini (simple scenes), tiny (noise) or full (needs a GPU)."),
    ] = None,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Listen on any free ports.")] = False,
    platform_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of platform-api.")] = None,
    queue_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of queue-api.")] = None,
    dispatcher_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of webhook-dispatcher.")] = None,
    worker_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the first gpu-worker.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready, and leave it running.")] = False,
    replicas: Annotated[
        str | None,
        typer.Option(metavar="NAME=N,...", help="Run several processes of a service, as in platform-api=2."),
    ] = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Start even if `darkroom worker check` says that the profile can't run.")
    ] = False,
) -> None:
    """Run all of Darkroom on this machine until Ctrl-C.

    Without options, ports come from PLATFORM_API_PORT (3001), QUEUE_API_PORT (9820), WEBHOOK_DISPATCHER_PORT (3002) and
    GPU_WORKER_PORT (3003). REDIS_URL and DATABASE_URL replace the embedded servers. Settings are read from ./.env, too.
    """
    import asyncio
    import os

    from darkroom_local.background import start_detached
    from darkroom_local.banner import banner
    from darkroom_local.console import Console
    from darkroom_local.environment import profile_of, user_environment
    from darkroom_local.private_files import UMASK
    from darkroom_local.replicas import read_replicas
    from darkroom_local.running_stacks import registered
    from darkroom_local.stack import Stack, StackOptions
    from darkroom_local.state import StateDir

    ports = {
        "PLATFORM_API_PORT": platform_port,
        "QUEUE_API_PORT": queue_port,
        "WEBHOOK_DISPATCHER_PORT": dispatcher_port,
        "GPU_WORKER_PORT": worker_port,
    }
    with _errors_in_one_line(state_dir):
        options = StackOptions(0 if no_worker else workers, profile, free_ports, unchecked, read_replicas(replicas))
        state = StateDir.chosen(state_dir)
        env = user_environment() | {variable: str(port) for variable, port in ports.items() if port is not None}
        if options.workers != 0 and not unchecked:
            _check(profile_of(options.profile, env))
        os.umask(UMASK)
        if detach:
            start_detached(state, options.as_arguments(), env)
            typer.echo("\n".join(banner(state.running(), stop="`darkroom down` stops it")))
            return
        console = Console()
        with state.lock(), console.copied_to(state.log_file), registered(state, console):
            code = asyncio.run(Stack(state, options, env, console).run())
    raise typer.Exit(code)


def down(state_dir: StackOption = None) -> None:
    """Stop the stack that is running on this machine, and wait until it has stopped."""
    from darkroom_local.background import stop_running

    with _stack_of(state_dir) as state:
        stopped = stop_running(state)
        typer.echo(f"The stack in {state.path} has stopped." if stopped else f"No stack is running in {state.path}.")


def show_env(
    state_dir: StackOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    export: Annotated[bool, typer.Option("--export", help="Print `export` lines for `eval`.")] = False,
) -> None:
    """Print URLs and keys of the running stack; exit code 1 if none is running."""
    import json

    from darkroom_local.access import access_to, as_shell_lines

    with _stack_of(state_dir) as state:
        access = access_to(state)
    typer.echo(json.dumps(access, indent=2) if as_json else as_shell_lines(access, export=export))


def ui(state_dir: StackOption = None) -> None:
    """Print a link that opens the web UI of the running stack and signs the demo user in; valid for 15 minutes."""
    from darkroom_local.access import sign_in_link

    with _stack_of(state_dir) as state:
        typer.echo(sign_in_link(state))


def redis_users(
    rights_only: Annotated[
        bool,
        typer.Option(
            "--rights-only",
            help="For an upgrade: keep the passwords. Users that are new in the release stay off.",
        ),
    ] = False,
) -> None:
    """Print commands that create Darkroom's users on a Redis of your own, with new passwords.

    Send them with redis-cli as its administrator, then give each service its own REDIS_URL.
    """
    import secrets

    from darkroom_redis.acl import USERS

    for user in USERS:
        rules = user.rights() if rights_only else user.rules(f">{secrets.token_urlsafe(24)}")
        typer.echo(f"ACL SETUSER {user.name} {rules}")


def logs(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Only of these, such as platform-api or gpu-worker.")
    ] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=100_000, help="How many of the last lines.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the stack stops.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object for each line.")] = False,
    state_dir: StackOption = None,
) -> None:
    """Print the log of the stack that is running here, or of the last one."""
    import json

    from darkroom_local.log_reading import name_of, read_log

    with _stack_of(state_dir) as state:
        for line in read_log(state, names or (), last=lines, follow=follow):
            name, text = name_of(line)
            typer.echo(json.dumps({"process": name, "line": text}) if as_json else line)


def demo(
    state_dir: StackOption = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the files.")] = Path("darkroom-output"),
) -> None:
    """Make six pictures, a video and an enhanced prompt, and check the files.

    Uses the running stack; without one, starts a stack and stops it afterwards.
    """
    import httpx
    from darkroom_client.errors import DarkroomError
    from rich.console import Console

    from darkroom_local.demo.command import run_demo

    with _stack_of(state_dir) as state:
        try:
            run_demo(state, output, Console())
        except (DarkroomError, httpx.HTTPError) as error:
            _fail(f"The demo failed. {error}")


def _check(profile: str) -> None:
    """End the command if `darkroom worker check` says that the profile can't run. Those for the CPU always can."""
    from darkroom_local.environment import CPU_PROFILES

    if profile in CPU_PROFILES:
        return
    from darkroom_local.profile_check import runs_here

    if not runs_here(profile):
        _fail("Darkroom was not started. `darkroom up --unchecked` starts it all the same.")


@contextmanager
def _stack_of(option: Path | None) -> Iterator["StateDir"]:
    """Yield the state folder of the stack that the command is about; errors end the command."""
    from darkroom_local.running_stacks import find_stack

    with _errors_in_one_line(option):
        yield find_stack(option)


@contextmanager
def _errors_in_one_line(option: Path | None) -> Iterator[None]:
    """End the command with one line and exit code 1 on a StackError or an OSError."""
    from darkroom_local.errors import StackError
    from darkroom_local.os_errors import describe_os_error
    from darkroom_local.state import StateDir

    try:
        yield
    except StackError as error:
        _fail(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        _fail(describe_os_error(error, StateDir.chosen(option).path))


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)

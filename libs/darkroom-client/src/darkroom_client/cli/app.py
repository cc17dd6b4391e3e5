"""Builds the program from the client's commands and those of other installed packages."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points, version
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from darkroom_client.cli import assets, catalogue, credits, generate, jobs, keys, queue, replay, status, top, webhooks
from darkroom_client.cli.exits import HELP, Exit, exit_of
from darkroom_client.cli.terminal import accept_any_text, discard_output, flush_output, has_room, print_error
from darkroom_client.errors import DarkroomError

DISTRIBUTION = "darkroom-client"
PLUGINS = "darkroom.commands"
OWN = (generate, replay, jobs, catalogue, assets, credits, keys, webhooks, status, queue, top)


class Program(TyperGroup):
    """The root command. When the reader of the output closes it, as `head` does, the program ends without a message."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:  # Any: typer's copy of click is private
        with _quiet_end():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:  # Any: the same
        with _quiet_end():
            return super().invoke(ctx)


@contextmanager
def _quiet_end() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise typer.Exit(Exit.PIPE_CLOSED) from None


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"darkroom {version(DISTRIBUTION)}")
        raise typer.Exit


def build_app() -> typer.Typer:
    """Build the program. Each entry point of the group `darkroom.commands` adds commands."""
    app = typer.Typer(
        name="darkroom",
        cls=Program,
        epilog=HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if has_room() else None,  # panels truncate text
    )
    app.callback()(_program)
    for commands in OWN:
        commands.register(app)
    for plugin in sorted(entry_points(group=PLUGINS), key=lambda plugin: plugin.name):
        plugin.load()(app)
    return app


def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Prompts go in, pictures develop."""


def main() -> None:
    """Run the program. Expected errors are printed as a sentence and end it with an exit code."""
    accept_any_text()
    try:
        _check(sys.argv[1:])
        build_app()()
    except SystemExit as ended:
        _end(ended.code)
    except KeyboardInterrupt:
        _end(Exit.INTERRUPTED)
    except DarkroomError as error:
        print_error(f"darkroom: {error}")
        _end(exit_of(error))
    except OSError as error:
        what = error.filename or "the output can't be written"
        print_error(f"darkroom: {what}: {error.strerror or error}")
        _end(Exit.NO_OUTPUT)


def _check(arguments: list[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(argument).decode(errors="backslashreplace")
            print_error(f"darkroom: the argument '{shown}' is not text in UTF-8.")
            sys.exit(Exit.BAD_INPUT)


def _end(code: str | int | None) -> NoReturn:
    """Exit with this code, or with another one if the remaining output can't be written."""
    try:
        flush_output()
    except BrokenPipeError:
        code = code or Exit.PIPE_CLOSED
    except OSError as error:
        print_error(f"darkroom: the output can't be written: {error.strerror}")
        code = code or Exit.NO_OUTPUT
    else:
        sys.exit(code)
    discard_output()
    sys.exit(code)

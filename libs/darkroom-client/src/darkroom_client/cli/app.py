"""Puts the program together: the client's own commands, and those of the other installed members."""

import sys
from importlib.metadata import entry_points, version
from typing import Annotated

import typer

from darkroom_client.cli import jobs
from darkroom_client.cli.exits import HELP, exit_of
from darkroom_client.errors import DarkroomError, InvalidRequest

DISTRIBUTION = "darkroom-client"
PLUGINS = "darkroom.commands"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"darkroom {version(DISTRIBUTION)}")
        raise typer.Exit


def build_app() -> typer.Typer:
    """Build the program; each entry point of the group adds its commands."""
    app = typer.Typer(
        name="darkroom",
        epilog=HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_program)
    jobs.register(app)
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
    """Run the program; an error of the service is one line and an exit code."""
    try:
        build_app()()
    except DarkroomError as error:
        print(f"darkroom: {error}", file=sys.stderr)
        if isinstance(error, InvalidRequest):
            for field, wrong in error.fields.items():
                print(f"  {field}: {wrong}", file=sys.stderr)
        sys.exit(exit_of(error))

"""The command line of a service: `python -m <service>` serves; `migrate` and `openapi` are commands."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import typer
from fastapi import FastAPI

Serve = Callable[[], Coroutine[Any, Any, None]]  # Any: internal to asyncio


def service_program(
    title: str, serve: Serve, *, openapi_app: Callable[[], FastAPI], migrate: Callable[[], None] | None = None
) -> typer.Typer:
    """Build the command line of a service. Without a command it runs `serve` until SIGTERM.

    `openapi_app` builds the application without connecting it.
    """
    program = typer.Typer(add_completion=False, help=f"{title} Without a command it serves until SIGTERM.")

    @program.callback(invoke_without_command=True)
    def _serve(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            import uvloop

            uvloop.run(serve())

    @program.command(name="openapi")
    def _openapi() -> None:
        """Print the OpenAPI document."""
        typer.echo(json.dumps(openapi_app().openapi(), indent=2))

    if migrate is not None:
        program.command(name="migrate", help="Upgrade the database to the newest schema.")(migrate)
    return program

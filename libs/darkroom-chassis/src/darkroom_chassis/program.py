"""The command line of a service: `python -m <service>` serves; `migrate`, `doctor` and `openapi` are commands."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

if TYPE_CHECKING:  # FastAPI takes a third of a second, and `darkroom` imports this module for every command
    from fastapi import FastAPI

    from darkroom_chassis.doctor import Check


class Schema(Protocol):
    """The schema of a service; implemented by `SchemaMigrations`."""

    def upgrade(self, database_url: str) -> None: ...

    def wait(self, database_url: str, timeout_s: float) -> None: ...


Serve = Callable[[], Coroutine[Any, Any, None]]  # Any: internal to asyncio


def service_program(
    title: str,
    serve: Serve,
    *,
    openapi_app: "Callable[[], FastAPI]",
    schema: tuple[Schema, Callable[[], str]] | None = None,
) -> typer.Typer:
    """Build the command line of a service. Without a command it runs `serve` until SIGTERM.

    `openapi_app` builds the application without connecting it. `schema` is what `migrate` upgrades, and returns where.
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

    if schema is not None:
        _add_migrate(program, *schema)
    return program


def add_doctor(program: typer.Typer, checks: Callable[[], "Mapping[str, Check]"], about: str) -> None:
    """Add the command `doctor`. `checks` reads the settings; `about` is its help."""

    @program.command(name="doctor", help=f"{about} Exits 1 if something fails now.")
    def _doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
        from darkroom_chassis.doctor import examine, exit_code, report

        findings = asyncio.run(examine(checks()))
        typer.echo(report(findings, as_json=as_json))
        raise typer.Exit(exit_code(findings))


def _add_migrate(program: typer.Typer, schema: Schema, database_url: Callable[[], str]) -> None:
    @program.command(name="migrate")
    def _migrate(
        wait: Annotated[
            float | None,
            typer.Option(
                metavar="SECONDS", min=0, help="Wait until another process has upgraded it, and change nothing."
            ),
        ] = None,
    ) -> None:
        """Upgrade the database to the newest schema."""
        if wait is None:
            schema.upgrade(database_url())
            return
        try:
            schema.wait(database_url(), wait)
        except TimeoutError as error:
            raise SystemExit(str(error)) from None

"""`darkroom doctor`: checks what the platform depends on, and which services answer."""

import asyncio
from importlib.metadata import entry_points
from typing import Annotated

import typer

STACK_PLUGINS, SERVICES = "darkroom.stack", "services"
"""Entry point of the package that runs local stacks; returns the URLs of their services."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check settings, PostgreSQL, Redis, the object store, workers and services, and say what to do about each finding.

    The platform is the local stack, or that of PLATFORM_DATABASE_URL and the other settings of platform-api. Exits 1 if
    something fails now.
    """
    from darkroom_chassis.doctor import examine, exit_code, report

    from platform_api.app import VERSION
    from platform_api.commands.platform import load_settings
    from platform_api.commands.service_check import service_findings
    from platform_api.wiring.checks import doctor_checks

    checks = {
        **doctor_checks(load_settings(), VERSION),
        "services": lambda: service_findings(_service_urls(), VERSION),
    }
    findings = asyncio.run(examine(checks))
    typer.echo(report(findings, as_json=as_json))
    raise typer.Exit(exit_code(findings))


def _service_urls() -> dict[str, str]:
    """Return the URLs of the local stack's services; none where no stack runs."""
    for plugin in entry_points(group=STACK_PLUGINS, name=SERVICES):
        try:
            urls: dict[str, str] = plugin.load()()
        except Exception:  # noqa: BLE001 - the plugin's error says that no stack runs here
            return {}
        return urls
    return {}

"""`darkroom doctor`: checks what the platform depends on, and which services answer."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from darkroom_chassis.doctor import Check

STACK_PLUGINS, SERVICES = "darkroom.stack", "services"
"""Entry point of the package that runs local stacks; returns the URLs of their services."""
ABOUT = (
    "Check settings, PostgreSQL, Redis, the object store, workers and services, and say what to do about each finding. "
    "The platform is the local stack, or that of PLATFORM_DATABASE_URL and the other settings of platform-api."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    from darkroom_chassis.program import add_doctor

    add_doctor(app, _checks, ABOUT)


def _checks() -> "Mapping[str, Check]":
    from platform_api.app import VERSION
    from platform_api.commands.platform import load_settings
    from platform_api.commands.service_check import service_findings
    from platform_api.wiring.checks import doctor_checks

    services = {"services": lambda: service_findings(_service_urls(), VERSION)}
    return {**doctor_checks(load_settings(), VERSION), **services}


def _service_urls() -> dict[str, str]:
    """Return the URLs of the local stack's services; none where no stack runs."""
    for plugin in entry_points(group=STACK_PLUGINS, name=SERVICES):
        try:
            urls: dict[str, str] = plugin.load()()
        except Exception:  # noqa: BLE001 - the plugin's error says that no stack runs here
            return {}
        return urls
    return {}

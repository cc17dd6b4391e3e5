"""The platform's commands of the `darkroom` CLI. Heavy imports are deferred until a command runs."""

import typer

from platform_api.commands import doctor, users


def register(app: typer.Typer) -> None:
    """Add `darkroom user …` and `darkroom doctor`."""
    users.register(app)
    doctor.register(app)

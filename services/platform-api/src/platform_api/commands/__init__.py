"""What platform-api adds to the `darkroom` command. Everything heavy is imported when a command runs."""

import typer

from platform_api.commands import users


def register(app: typer.Typer) -> None:
    """Add `darkroom user …`."""
    users.register(app)

"""The platform that a command operates on, and errors if it is not available."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from platform_api.settings import Settings

T = TypeVar("T")

STACK_PLUGINS, OPERATOR = "darkroom.stack", "operator"
"""Entry point of the package that runs local stacks; returns the settings of their platform-api."""
NOT_DONE, NOT_REACHABLE = 2, 3


def load_settings() -> "Settings":
    """Read the settings from the environment, or those of the local stack if no database is configured."""
    from platform_api.settings import Settings

    for plugin in entry_points(group=STACK_PLUGINS, name=OPERATOR):
        os.environ.update(plugin.load()())
    return Settings.load()


def run(work: Coroutine[Any, Any, T]) -> T:  # Any: send and yield types, which are irrelevant here
    """Run the work; if the database is not usable, print the reason and exit with `NOT_REACHABLE`."""
    from sqlalchemy.exc import DBAPIError, ProgrammingError

    try:
        return asyncio.run(work)
    except ProgrammingError:
        refuse("The database has no tables of this release: run `python -m platform_api migrate`.", NOT_REACHABLE)
    except DBAPIError as error:
        reason = (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
        refuse(f"The database does not answer: {reason}.", NOT_REACHABLE)


def refuse(sentence: str, code: int = NOT_DONE) -> NoReturn:
    """Print an error and exit."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def text(*, at_least: int = 1, at_most: int) -> Callable[[str], str]:
    """Return a validator of an argument: UTF-8 text of `at_least` to `at_most` characters."""

    def check(value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise typer.BadParameter("must be text in UTF-8") from None
        if not at_least <= len(value.strip()) <= at_most:
            raise typer.BadParameter(f"must have {at_least} to {at_most} characters")
        return value

    return check


UserName = Annotated[str, typer.Argument(metavar="USER", callback=text(at_most=200), help="Name of the user.")]

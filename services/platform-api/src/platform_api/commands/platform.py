"""The platform that a command works on, and the error messages when it is not available."""

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
"""Entry point of the installed member that runs stacks on this machine: their settings of platform-api."""
NOT_DONE, NOT_REACHABLE = 2, 3


def load_settings() -> "Settings":
    """Read the settings of the environment or, where it names no other database, of the stack that runs here."""
    from platform_api.settings import Settings

    for plugin in entry_points(group=STACK_PLUGINS, name=OPERATOR):
        os.environ.update(plugin.load()())
    return Settings.load()


def run(work: Coroutine[Any, Any, T]) -> T:  # Any: what a coroutine yields and takes is asyncio's affair
    """Run the work on the database; a database that can't do it ends the command with a sentence."""
    from sqlalchemy.exc import DBAPIError, ProgrammingError

    try:
        return asyncio.run(work)
    except ProgrammingError:
        refuse("The database has no tables of this release: run `python -m platform_api migrate`.", NOT_REACHABLE)
    except DBAPIError as error:
        reason = (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
        refuse(f"The database does not answer: {reason}.", NOT_REACHABLE)


def refuse(sentence: str, code: int = NOT_DONE) -> NoReturn:
    """End the command with a sentence."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def text(*, at_least: int = 1, at_most: int) -> Callable[[str], str]:
    """Return a check of an argument: as long as it may be, and text that a database can keep."""

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

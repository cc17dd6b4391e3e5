"""`python -m darkroom_local`: the commands of the local stack, without the rest of the `darkroom` program."""

import typer

from darkroom_local.commands import register

app = typer.Typer(no_args_is_help=True)
register(app)

if __name__ == "__main__":
    app()

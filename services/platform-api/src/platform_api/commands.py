"""What platform-api adds to the `darkroom` command. Everything heavy is imported when a command runs."""

import asyncio
from typing import Annotated

import typer
from darkroom_schemas.ids import UserId

CREDITS = 100.0


def register(app: typer.Typer) -> None:
    """Add `darkroom user add`."""
    user = typer.Typer(help="Manage the users of a platform; needs its database settings.", no_args_is_help=True)
    # With a callback typer keeps `add` a command of a group, although it is the only one.
    user.callback()(_group)
    user.command("add")(_add)
    app.add_typer(user, name="user")


def _group() -> None:
    """Manage the users of a platform; needs its database settings."""


def _add(
    name: Annotated[str, typer.Argument(help="Name of the user, unique on this platform.")],
    credits: Annotated[float, typer.Option(min=0, help="Opening balance.")] = CREDITS,
) -> None:
    """Make a user with an opening balance, and print the id, an API key and a JWT of one hour."""
    from darkroom_chassis.api_keys import KeyKind

    from platform_api.operators import make_key
    from platform_api.settings import Settings
    from platform_api.wiring import jwt_codec, open_accounts

    settings = Settings.load()

    async def run() -> tuple[UserId, str] | None:
        async with open_accounts(settings) as accounts:
            user_id, is_new = await accounts.open(name, round(credits * 1000))
            if not is_new:
                return None
            return user_id, (await make_key(accounts, KeyKind.USER, "first", user_id)).text

    made = asyncio.run(run())
    if made is None:
        typer.echo(f"There is a user named {name} already.", err=True)
        raise typer.Exit(2)
    user_id, api_key = made
    token = jwt_codec(settings).issue(user_id, ttl_s=3600)
    typer.echo(f"user_id: {user_id}\napi_key: {api_key}\njwt: {token}")

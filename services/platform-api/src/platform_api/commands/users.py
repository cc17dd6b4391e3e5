"""`darkroom user …`: manage users, their passwords, credits and keys."""

import math
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from darkroom_schemas.ids import UserId

from platform_api.commands import keys
from platform_api.commands.platform import UserName, load_settings, refuse, run

if TYPE_CHECKING:
    from platform_api.settings import Settings

CREDITS = 100.0
MAX_CREDITS = 1e12


def _amount(text: str, least: float = -MAX_CREDITS) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not least <= amount <= MAX_CREDITS:
        raise typer.BadParameter(
            f"must be a number of credits from {least:,.0f} to {MAX_CREDITS:,.0f}, not {text[:60]!r}"
        )
    return amount


def _balance(text: str) -> float:
    return _amount(text, 0)


def register(app: typer.Typer) -> None:
    """Add the commands to the CLI."""
    user = typer.Typer(
        help="Manage users, on the local stack or the platform configured in the environment.",
        no_args_is_help=True,
    )
    user.command("add")(_add)
    user.command("password")(_password)
    user.command("credits")(_credits)
    user.command("operator")(_operator)
    keys.register(user)
    app.add_typer(user, name="user")


def _add(
    name: UserName,
    credits: Annotated[float, typer.Option(parser=_balance, help="Opening balance.")] = CREDITS,
    password: Annotated[bool, typer.Option("--password", help="Prompt for a password for logins.")] = False,
) -> None:
    """Create a user with an opening balance; print the id, an API key and a JWT valid for one hour."""
    from darkroom_chassis.api_keys import KeyKind

    from platform_api.commands.bootstrap import make_key
    from platform_api.wiring import jwt_codec, open_accounts

    settings, secret = load_settings(), _ask() if password else None

    async def make() -> tuple[UserId, str] | None:
        async with open_accounts(settings) as accounts:
            user_id, is_new = await accounts.open(name, round(credits * 1000))
            if not is_new:
                return None
            key = await make_key(accounts, KeyKind.USER, "first", user_id)
        if secret is not None:
            await _set(settings, user_id, secret)
        return user_id, key.text

    made = run(make())
    if made is None:
        refuse(f"A user named {name} already exists.")
    user_id, api_key = made
    token = jwt_codec(settings).issue(user_id, ttl_s=3600)
    typer.echo(f"user_id: {user_id}\napi_key: {api_key}\njwt: {token}")


def _password(name: UserName) -> None:
    """Set a new password for a user, and end all of the user's sessions."""
    from platform_api.wiring import open_accounts

    settings = load_settings()

    async def find() -> UserId | None:
        async with open_accounts(settings) as accounts:
            user = await accounts.named(name)
        return user.id if user else None

    user_id = run(find())
    if user_id is None:
        refuse(f"There is no user named {name}.")
    run(_set(settings, user_id, _ask()))
    typer.echo(f"The password of {name} is set, and all sessions have ended.")


def _credits(
    name: UserName,
    amount: Annotated[
        float,
        typer.Argument(parser=_amount, help="Credits to add; negative, after `--`, to deduct."),
    ],
    note: Annotated[str | None, typer.Option(help="Reason, shown in the user's statement.")] = None,
) -> None:
    """Add credits to a user's balance or deduct them, and print the new balance."""
    from platform_api.domain.accounts.credits import Adjustment, adjust_credits
    from platform_api.domain.errors import BalanceTooLow, InvalidParameter
    from platform_api.wiring import open_accounts, open_credits

    settings = load_settings()

    async def adjust() -> int | None:
        async with open_accounts(settings) as accounts:
            user = await accounts.named(name)
        if user is None:
            return None
        adjustment = Adjustment(user.id, round(amount * 1000), note, actor="darkroom user credits")
        async with open_credits(settings) as credits:
            return await adjust_credits(adjustment, credits=credits)

    try:
        balance_mc = run(adjust())
    except BalanceTooLow as error:
        refuse(f"{name} has only {error.balance_mc / 1000:g} credits.")
    except InvalidParameter as error:
        refuse(f"The amount {error.message}.")
    if balance_mc is None:
        refuse(f"There is no user named {name}.")
    typer.echo(f"The balance of {name} is {balance_mc / 1000:g} credits.")


def _operator(
    name: UserName,
    revoke: Annotated[bool, typer.Option("--revoke", help="End it.")] = False,
) -> None:
    """Let a user see and change queues and workers in the web UI."""
    from platform_api.wiring import open_accounts

    settings = load_settings()

    async def change() -> bool:
        async with open_accounts(settings) as accounts:
            user = await accounts.named(name)
            if user is not None:
                await accounts.set_operator(user.id, is_operator=not revoke)
        return user is not None

    if not run(change()):
        refuse(f"There is no user named {name}.")
    typer.echo(f"{name} is {'no longer an operator' if revoke else 'an operator'}.")


async def _set(settings: "Settings", user_id: UserId, password: str) -> None:
    from platform_api.domain.accounts.sessions import set_password
    from platform_api.wiring import open_passwords

    async with open_passwords(settings) as (passwords, hasher):
        await set_password(user_id, password, passwords=passwords, hasher=hasher)


def _ask() -> str:
    """Prompt twice on a terminal; otherwise read one line of standard input. Reject invalid passwords."""
    from platform_api.domain.accounts.sessions import check_password
    from platform_api.domain.errors import InvalidParameter

    if sys.stdin.isatty():
        password = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        check_password(password)
    except InvalidParameter as error:
        refuse(f"The password {error.message}.")
    return password

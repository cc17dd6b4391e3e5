"""The commands `keys …`: the caller's API keys."""

import re
from typing import Annotated

import typer

from darkroom_client.cli.connection import TokenOption, UrlOption, connect
from darkroom_client.cli.exits import HELP
from darkroom_client.cli.output import Columns, JsonOption, show_json, show_list
from darkroom_client.cli.terminal import print_error
from darkroom_client.errors import ServiceError
from darkroom_client.models.account import ApiKey

ScopeOption = Annotated[list[str] | None, typer.Option(help="Scope of the key, such as jobs:read. May be repeated.")]
TierOption = Annotated[str | None, typer.Option(help="Rate limits of the key: standard or premium.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The key or its id.")]
COLUMNS: Columns[ApiKey] = {
    "id": lambda key: key.id,
    "name": lambda key: key.name,
    "tier": lambda key: key.tier,
    "scopes": lambda key: key.scopes,
    "active": lambda key: key.is_active,
    "created": lambda key: key.created_at,
    "last used": lambda key: key.last_used_at,
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Manage your own API keys. Operators manage those of others with `darkroom user keys`.",
        epilog=HELP,
        no_args_is_help=True,
    )
    group.command("list", epilog=HELP)(list_keys)
    group.command(epilog=HELP)(create)
    group.command(epilog=HELP)(change)
    group.command(epilog=HELP)(revoke)
    app.add_typer(group, name="keys")


def list_keys(as_json: JsonOption = False, url: UrlOption = None, token: TokenOption = None) -> None:
    """List your keys, newest first, without revoked ones."""
    with connect(url, token) as client:
        show_list(client.keys.all(), COLUMNS, as_json=as_json, nothing="There are no keys.")


def create(
    name: Annotated[str, typer.Argument(help="Purpose of the key.")],
    description: Annotated[str | None, typer.Option(help="Description of the key.")] = None,
    tier: TierOption = None,
    scope: ScopeOption = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Create a key and print it. It can't be read again. Without --scope it has all of your rights."""
    with connect(url, token) as client:
        made = client.keys.create(name, description=description, tier=tier, scopes=scope)
    if made.key is None:
        raise ServiceError(f"The key {made.id} was created, but the connection was lost before it arrived: revoke it.")
    if as_json:
        show_json(made.model_dump(mode="json"))
        return
    typer.echo(made.key)
    print_error(f"The id of this key is {made.id}. Save the key now: it is not shown again.")


def change(
    key: KeyArgument,
    name: Annotated[str | None, typer.Option(help="New name.")] = None,
    description: Annotated[str | None, typer.Option(help="New description.")] = None,
    tier: TierOption = None,
    scope: ScopeOption = None,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help="Activate or deactivate the key. A deactivated key is refused."),
    ] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Change a key. Fields that are not given stay unchanged."""
    with connect(url, token) as client:
        changed = client.keys.change(
            _id_of(key), name=name, description=description, tier=tier, scopes=scope, is_active=active
        )
    show_list([changed], COLUMNS, as_json=as_json, nothing="")


def revoke(key: KeyArgument, url: UrlOption = None, token: TokenOption = None) -> None:
    """Revoke a key immediately and permanently."""
    with connect(url, token) as client:
        client.keys.revoke(_id_of(key))
    typer.echo(f"key {_id_of(key)} is revoked")


def _id_of(key: str) -> str:
    """Return the id in the text of a key, so that its secret is not sent."""
    whole = re.fullmatch(r"dk_[a-z]+_([0-9A-Za-z]+)_[0-9A-Za-z]+", key)
    return whole[1] if whole else key

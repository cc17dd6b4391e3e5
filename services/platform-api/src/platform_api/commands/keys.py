"""`darkroom user keys …`: operators manage the API keys of a user. Users manage their own with `darkroom keys`."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from darkroom_schemas.api_key import Scope, Tier
from darkroom_schemas.ids import UserId

from platform_api.commands.platform import UserName, load_settings, refuse, run, text
from platform_api.domain.accounts.api_keys import KeyManager, StoredKey, add_key, revoke_key
from platform_api.domain.errors import NotFound, TooManyKeys

if TYPE_CHECKING:
    from platform_api.settings import Settings

OPERATOR = KeyManager(None, (Scope.EVERYTHING,))
PAGE = 200
SHOWN = ("id", "name", "tier", "scopes", "active", "created", "last used")


def register(user: typer.Typer) -> None:
    """Add the commands to `darkroom user`."""
    keys = typer.Typer(
        help="Manage the API keys of users, on the local stack or the platform configured in the environment.",
        no_args_is_help=True,
    )
    keys.command("list")(_list)
    keys.command("create")(_create)
    keys.command("revoke")(_revoke)
    user.add_typer(keys, name="keys")


def _list(user: UserName, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False) -> None:
    """List the keys of a user that are not revoked, newest first."""
    settings = load_settings()

    async def read() -> list[StoredKey] | None:
        from platform_api.wiring import open_api_keys

        user_id = await _id_of(user, settings)
        if user_id is None:
            return None
        found: list[StoredKey] = []
        async with open_api_keys(settings) as keys:
            while page := (await keys.page(user_id, limit=PAGE, offset=len(found))).keys:
                found += page
        return found

    found = run(read())
    if found is None:
        refuse(f"There is no user named {user}.")
    rows = [_row(key) for key in found]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = [dict(zip(SHOWN, SHOWN, strict=True)), *({name: _text(row[name]) for name in SHOWN} for row in rows)]
    widths = {name: max(len(row[name]) for row in table) for name in SHOWN}
    for row in table:
        typer.echo("  ".join(f"{row[name]:<{widths[name]}}" for name in SHOWN).rstrip())


def _create(
    user: UserName,
    name: Annotated[str, typer.Option(callback=text(at_most=100), help="Name of the key.")] = "made by an operator",
    description: Annotated[str, typer.Option(callback=text(at_least=0, at_most=1000), help="Description.")] = "",
    tier: Annotated[Tier, typer.Option(help="Tier, which determines the rate limits.")] = Tier.STANDARD,
    scope: Annotated[list[Scope] | None, typer.Option(help="A scope; repeat for several. Default: all.")] = None,
) -> None:
    """Create a key for a user and print it. It is not shown again."""
    from darkroom_chassis.api_keys import KeyKind, hash_api_key, new_api_key

    from platform_api.wiring import open_new_api_keys

    settings, made = load_settings(), new_api_key(KeyKind.USER)

    async def make() -> bool:
        owner = await _id_of(user, settings)
        if owner is None:
            return False
        scopes = tuple(scope or [Scope.EVERYTHING])
        key = StoredKey(made.id, made.kind, owner, hash_api_key(made.text), name, description, tier, scopes)
        async with open_new_api_keys(settings) as keys:
            await add_key(key, owner, manager=OPERATOR, keys=keys, limit=settings.api_keys_per_user)
        return True

    try:
        is_made = run(make())
    except TooManyKeys:
        refuse(f"{user} already has {settings.api_keys_per_user} keys (API_KEYS_PER_USER). Revoke one first.")
    if not is_made:
        refuse(f"There is no user named {user}.")
    typer.echo(made.text)


def _revoke(key: Annotated[str, typer.Argument(callback=text(at_most=100), help="Id of the key, or the key.")]) -> None:
    """Revoke a key permanently, with immediate effect."""
    from darkroom_chassis.api_keys import parse_api_key

    from platform_api.wiring import open_api_keys

    settings, whole = load_settings(), parse_api_key(key)
    key_id = whole.id if whole else key

    async def revoke() -> StoredKey:
        async with open_api_keys(settings) as keys:
            return await revoke_key(key_id, manager=OPERATOR, keys=keys)

    try:
        revoked = run(revoke())
    except NotFound:
        refuse("There is no such key, or it is already revoked.")
    typer.echo(f"The key {revoked.id} ({revoked.name}) is revoked.")


async def _id_of(name: str, settings: "Settings") -> UserId | None:
    from platform_api.wiring import open_accounts

    async with open_accounts(settings) as accounts:
        user = await accounts.named(name)
    return user.id if user else None


def _row(key: StoredKey) -> dict[str, Any]:  # Any: JSON
    return {
        "id": key.id,
        "name": key.name,
        "tier": key.tier.value,
        "scopes": [str(scope) for scope in key.scopes],
        "active": key.is_active,
        "created": _time(key.created_at),
        "last used": _time(key.last_used_at),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _text(value: Any) -> str:  # Any: JSON
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "never" if value is None else str(value)

"""`python -m platform_api export-user` and `delete-user`: everything of a user, for operators."""

import asyncio
import os
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from darkroom_schemas.ids import UserId
from pydantic_core import to_json

from platform_api.commands.platform import UserName, refuse
from platform_api.domain.errors import StoreUnavailable
from platform_api.settings import Settings
from platform_api.wiring import open_accounts, open_personal_data

RECORDS = "records.ndjson"


def register(cli: typer.Typer) -> None:
    """Add the commands to the CLI."""
    cli.command("export-user")(_export)
    cli.command("delete-user")(_delete)


def _export(
    name: UserName,
    file: Annotated[Path, typer.Argument(help="The ZIP file to create; it must not exist.")],
) -> None:
    """Write everything of a user into a ZIP file: records.ndjson, and the bytes of assets below objects/."""
    settings = Settings.load()
    user_id = _find(settings, name)
    if user_id is None:
        refuse(f"There is no user named {name}.")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        refuse(f"{file} cannot be created: {error.strerror}.")
    with open(descriptor, "wb") as output, zipfile.ZipFile(output, "w") as archive:
        try:
            lines, objects, missing = asyncio.run(_write(settings, user_id, archive))
        except StoreUnavailable as error:
            refuse(f"{file} is incomplete: {error}.")
    typer.echo(f"{file}: {lines} records and {objects} objects of {name}; {missing} objects are missing.")


async def _write(settings: Settings, user_id: UserId, archive: zipfile.ZipFile) -> tuple[int, int, int]:
    lines, keys, found = 0, list[str](), 0
    async with open_personal_data(settings) as personal:
        with archive.open(RECORDS, "w", force_zip64=True) as output:
            async for record in personal.records.records(user_id):
                output.write(to_json({"kind": record.kind, "row": record.row}) + b"\n")
                lines += 1
                if record.kind == "assets":
                    keys += [key for key in (record.row["object_key"], record.row["thumbnail_key"]) if key]
        for key in keys:
            size = await personal.objects.size(key)
            with suppress(FileNotFoundError):  # deleted since
                if size is not None:
                    with archive.open(f"objects/{key}", "w", force_zip64=True) as output:
                        async for chunk in personal.objects.read(key, 0, size):
                            output.write(chunk)
                    found += 1
    return lines, found, len(keys) - found


def _delete(
    name: UserName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for a confirmation.")] = False,
) -> None:
    """Delete a user with jobs, assets, credits, keys, sessions and webhooks. It cannot be undone."""
    settings = Settings.load()
    user_id = _find(settings, name)
    if user_id is None:
        typer.echo(f"There is no user named {name}.")
        return
    if not yes:
        typer.confirm(f"Delete everything of {name} ({user_id})? Export it first with export-user.", abort=True)

    async def delete() -> None:
        async with open_personal_data(settings) as personal:
            await personal.deletion.delete(user_id)

    asyncio.run(delete())
    typer.echo(f"{name} is deleted. The running platform deletes the stored objects within minutes.")


def _find(settings: Settings, name: str) -> UserId | None:
    async def find() -> UserId | None:
        async with open_accounts(settings) as accounts:
            user = await accounts.named(name)
        return user.id if user else None

    return asyncio.run(find())
